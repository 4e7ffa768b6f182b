import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  type ChartEntry,
  chartSource,
  type Fetch,
  fetchChart,
  latestPatch,
  parseIndex,
  readChart,
} from '../../../src/rancher/chart.ts'
import { findRancher } from '../../../src/rancher/install-chart.ts'
import { resolveVersion, want } from '../../../src/rancher/want.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { tries } from '../remedies/tries.ts'
import { bare, settings, wanted } from './make.ts'

const entry = (version: string): ChartEntry => ({ version, urls: [`rancher-${version}.tgz`], digest: undefined })
const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chart-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the input names a published repository, a URL or a path', () => {
  expect(chartSource('stable')).toEqual({
    kind: 'repository',
    url: 'https://releases.rancher.com/server-charts/stable',
  })
  expect(chartSource('https://charts.test/x/')).toEqual({ kind: 'repository', url: 'https://charts.test/x' })
  expect(chartSource('./charts/rancher')).toEqual({ kind: 'path', path: './charts/rancher' })
  expect(chartSource('constructor')).toEqual({ kind: 'path', path: 'constructor' })
})

test('latest-patch is the newest release of its minor, no pre-release', () => {
  const entries = ['2.11.9', '2.11.10', '2.11.11-rc1', '2.12.0', '2.10.1'].map(entry)
  expect(latestPatch(entries, '2.11')).toBe('2.11.10')
  expect(latestPatch(entries, '2.13')).toBeUndefined()
})

test('an index without the chart is no index of ours', () => {
  expect(() => parseIndex('entries: {other: []}', 'rancher')).toThrow(/has no chart "rancher"/)
  expect(() => parseIndex('<html>', 'rancher')).toThrow(/has no chart "rancher"/)
})

function repository(archive: string, digest: string): { fetch: Fetch; asked: string[] } {
  const asked: string[] = []
  const index = `entries: {rancher: [{version: 2.11.3, urls: [charts/r.tgz], digest: "${digest}"}]}`
  const fetch: Fetch = async (url) => {
    asked.push(url)
    return Buffer.from(url.endsWith('index.yaml') ? index : archive)
  }
  return { fetch, asked }
}
const chart = { url: 'https://charts.test/stable', chart: 'rancher', version: '2.11.3' }

test('a chart is downloaded from where the index says, and is what the index says', async () => {
  const { fetch, asked } = repository('archive', createHash('sha256').update('archive').digest('hex'))
  const path = await fetchChart({ ...chart, folder }, fetch, signal)
  await expect(readFile(path, 'utf8')).resolves.toBe('archive')
  expect(asked).toEqual(['https://charts.test/stable/index.yaml', 'https://charts.test/stable/charts/r.tgz'])
})

test('another archive than the index says is not used', async () => {
  const { fetch } = repository('changed', createHash('sha256').update('archive').digest('hex'))
  await expect(fetchChart({ ...chart, folder }, fetch, signal)).rejects.toThrow(/expected SHA-256/)
})

test('a version that the repository does not have is refused with the one it has', async () => {
  const { fetch } = repository('', '')
  const asked = fetchChart({ ...chart, version: '2.11.16', folder }, fetch, signal)
  await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('2.11.3'), kind: 'rancher' })
})

const none = { asked: undefined, running: undefined, path: undefined, tested: '2.11.3', entries: async () => [] }
const choices: [string, Partial<Parameters<typeof resolveVersion>[0]>, string, string][] = [
  ['exact', { asked: 'v2.11.2', running: '2.11.1' }, '2.11.2', 'input'],
  ['the running one', { running: '2.11.1', path: '2.11.3' }, '2.11.1', 'running'],
  ['the running one, for latest-patch too', { asked: 'latest-patch', running: '2.11.1' }, '2.11.1', 'running'],
  ['that of the chart', { path: '2.11.0' }, '2.11.0', 'chart'],
  ['the tested one', {}, '2.11.3', 'tested'],
  ['the newest patch', { asked: 'latest-patch', entries: async () => [entry('2.11.4')] }, '2.11.4', 'repository'],
]
test.each(choices)('the version is %s', async (_name, choice, value, from) => {
  await expect(resolveVersion({ ...none, ...choice })).resolves.toEqual({ value, from })
})

const sum = (text: string) => createHash('sha256').update(text).digest('hex')
const fetches =
  (version: string, { archive = 'archive', digest = sum('archive'), reaches = true } = {}) =>
  () => {
    const { fetch } = repository(archive, digest)
    const barred: Fetch = () => Promise.reject(new Error('ENETUNREACH'))
    return fetchChart({ ...chart, version, folder }, reaches ? fetch : barred, signal)
  }
const bundled = (version: string) => () =>
  findRancher(
    {
      folder,
      chart: 'stable',
      findChart: async (name, asked) => (asked === '2.11.3' ? `/bundle/${name}.tgz` : undefined),
      fetch: () => Promise.reject(new Error('the network was reached')),
      signal,
    },
    version,
  )
const reads = (path: () => string) => () => readChart(path(), async () => 'name: rancher\nversion: 2.11.3\n')

tries('rancher', [
  [
    'Check the way to the chart repository, or give an airgap-bundle.',
    fetches('2.11.3', { reaches: false }),
    fetches('2.11.3'),
    bundled('2.11.3'),
  ],
  ['Choose another rancher-chart or version.', fetches('2.13.0'), fetches('2.11.3')],
  ['Set the version to ….', fetches('2.11.16'), fetches('2.11.3')],
  [
    'Find out who changed the archive or the index; run again when they agree.',
    fetches('2.11.3', { archive: 'changed' }),
    fetches('2.11.3'),
  ],
])

tries('input', [
  ['Add the chart to the bundle, or set the version that the bundle holds.', bundled('2.11.9'), bundled('2.11.3')],
  [
    'Set rancher-chart to latest, stable, alpha, a repository URL, or the path of a chart.',
    reads(() => join(folder, 'missing')),
    reads(() => import.meta.filename),
  ],
  [
    'Set an exact version.',
    () => resolveVersion({ ...none, asked: 'latest-patch', tested: '2.13.0', entries: async () => [entry('2.11.3')] }),
    () => resolveVersion({ ...none, asked: '2.11.3' }),
  ],
])

const offline = (version: string | undefined) => () =>
  want(bare(), wanted(), settings({ version, tls: { source: 'secret' } as RancherSettings['tls'] }), {
    offline: true,
    fetch: () => Promise.reject(new Error('the network was reached')),
    showChart: async () => '',
    signal,
  })

tries('input', [['Set the exact version that the bundle holds.', offline('latest-patch'), offline('2.11.3')]])
