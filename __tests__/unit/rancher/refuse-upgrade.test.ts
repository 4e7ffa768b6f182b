import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import { StackError } from '../../../src/errors.ts'
import { inspectDownstream } from '../../../src/rancher/downstream.ts'
import type { DownstreamFacts, RancherFacts } from '../../../src/rancher/facts.ts'
import { offeredCharts } from '../../../src/rancher/offered.ts'
import { refuseUpgrade, type WantedUpgrade } from '../../../src/rancher/refuse-upgrade.ts'
import { REMOVED, refuseRemoved } from '../../../src/rancher/removed-values.ts'
import { tryChart } from '../../../src/rancher/try-chart.ts'
import { changesValues, upgradeValues } from '../../../src/rancher/upgrade-values.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { tries } from '../remedies/tries.ts'
import { fakeKube } from './fake-kube.ts'
import { bare, HOSTNAME, installed, release, settings } from './make.ts'

const folder = mkdtempSync(join(tmpdir(), 'refuse-upgrade-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const asked = (over: Partial<RancherSettings> = {}) => settings({ tls: { source: 'running' }, ...over })
const wish = (over: Partial<WantedUpgrade> = {}): WantedUpgrade => ({
  hostname: HOSTNAME,
  nodeCount: 3,
  rancher: '2.11.3',
  changes: true,
  ...over,
})
const rke1: DownstreamFacts = {
  clusters: [
    { id: 'c-1', name: 'shop', isRke1: true, kubernetesVersion: 'v1.30.1', notTrue: [] },
    { id: 'c-2', name: 'farm', isRke1: false, kubernetesVersion: 'v1.31.1', notTrue: ['Connected'] },
  ],
  rke1Templates: ['NodeTemplate cattle-global-nt/nt-1'],
}

test('what is well may be upgraded, also below the last Rancher that knows RKE1', () => {
  expect(refuseUpgrade(installed(), wish(), asked())).toEqual([])
  expect(refuseUpgrade(installed({ source: 'rancher' }, { downstream: rke1 }), wish(), asked())).toEqual([])
})

const foreign = release({ status: 'pending-upgrade', ours: false, revision: 2, values: {} })
const audited = installed(
  { source: 'rancher' },
  { release: release({ values: { auditLog: { level: 1 }, restrictedAdmin: true } }) },
)
const cases: [string, RancherFacts, Partial<WantedUpgrade>, Partial<RancherSettings>, RegExp][] = [
  ['no Rancher', bare(), {}, {}, /^rancher: there is no Rancher.*mode install/],
  [
    'one that never ran',
    bare({ release: release({ deployed: undefined, status: 'failed' }) }),
    {},
    {},
    /^rancher: its first install never came to its end/,
  ],
  ['another host name', installed(), { hostname: 'new.test' }, {}, /^hostname: this Rancher answers to/],
  [
    'a call of somebody else',
    installed({ source: 'rancher' }, { release: foreign }),
    {},
    {},
    /^rancher: Helm release rancher is "pending-upgrade"/,
  ],
  [
    'RKE1 clusters for 2.12',
    installed({ source: 'rancher' }, { downstream: rke1 }),
    { rancher: '2.12.3' },
    {},
    /^rancher-version: Rancher 2\.12\.3 takes nothing of RKE1.*cluster shop \(c-1\), NodeTemplate cattle-global-nt\/nt-1/,
  ],
  [
    'RKE1 clusters for 2.15, where templates do not count',
    installed({ source: 'rancher' }, { downstream: rke1 }),
    { rancher: '2.15.0' },
    {},
    /manages cluster shop \(c-1\)\./,
  ],
  [
    'a value that is gone',
    audited,
    { rancher: '2.11.3' },
    {},
    /^helm-values: restrictedAdmin: the chart of Rancher 2\.11\.3 does not take it/,
  ],
  [
    'a value that means nothing alone',
    audited,
    { rancher: '2.12.3' },
    {},
    /auditLog\.level: .*since 2\.12.*auditLog\.enabled/,
  ],
  [
    'values against the architecture',
    installed(),
    {},
    { helmValues: { tls: 'external' } },
    /^helm-values: tls: got "external"/,
  ],
  [
    'another certificate',
    installed(),
    {},
    { helmValues: { ingress: { tls: { source: 'secret' } } } },
    /ingress\.tls\.source: got "secret".*mode install/,
  ],
]
test.each(cases)('refused: %s', (_, facts, wanted, given, expected) => {
  const lines = refuseUpgrade(facts, wish(wanted), asked(given)).map((one) => `${one.subject}: ${one.what} ${one.next}`)
  expect(lines.join('\n')).toMatch(expected)
})

test('a Rancher that is left alone is not asked for its values', () => {
  expect(refuseUpgrade(audited, wish({ rancher: '2.12.3', changes: false }), asked())).toEqual([])
})

test('the same value said twice is fine, and so is a level with auditLog.enabled', () => {
  const source = { ingress: { tls: { source: 'rancher' } } }
  expect(refuseUpgrade(installed(), wish(), asked({ helmValues: source }))).toEqual([])
  expect(refuseRemoved({ auditLog: { level: 1, enabled: true } }, '2.12.3')).toEqual([])
  expect(refuseRemoved({ auditLog: { level: 0 }, restrictedAdmin: false }, '2.13.0')).toEqual([])
  expect(refuseRemoved({ auditLog: { level: 1 } }, '2.11.3')).toEqual([])
})

test('every value that is gone has its source', () => {
  for (const { path, since, source } of REMOVED) expect([path, since, source].every((text) => text !== '')).toBe(true)
})

test('an upgrade keeps the values of the release, with what is asked on top; the first password stays', () => {
  const facts = { release: release({ values: { replicas: 3, bootstrapPassword: 'a', extraEnv: [1] } }) }
  const given = asked({ helmValues: { extraEnv: [2], bootstrapPassword: 'b' } })
  expect(upgradeValues(facts, given)).toEqual({ replicas: 3, bootstrapPassword: 'a', extraEnv: [2] })
  expect(changesValues(facts, given)).toBe(true)
  expect(changesValues(facts, asked({ helmValues: { extraEnv: [1] } }))).toBe(false)
  expect(changesValues(facts, asked())).toBe(false)
})

test('downstream clusters are told with what is not well about them, the local one is none', async () => {
  const api = 'management.cattle.io/v3'
  const cluster = (name: string, more: object) => ({ apiVersion: api, kind: 'Cluster', metadata: { name }, ...more })
  const objects = [
    cluster('local', { spec: { displayName: 'local' } }),
    cluster('c-1', { spec: { displayName: 'shop', rancherKubernetesEngineConfig: {} } }),
    cluster('c-2', {
      spec: { displayName: '' },
      status: {
        version: { gitVersion: 'v1.31.1' },
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Connected', status: 'Unknown' },
          { type: 'Updated', status: 'True' },
        ],
      },
    }),
    { apiVersion: api, kind: 'NodeTemplate', metadata: { name: 'nt-1', namespace: 'cattle-global-nt' } },
    { apiVersion: api, kind: 'ClusterTemplate', metadata: { name: 'ct-1', namespace: 'cattle-global-data' } },
  ] as KubernetesObject[]
  expect(await inspectDownstream(fakeKube(objects))).toEqual({
    clusters: [
      { id: 'c-1', name: 'shop', isRke1: true, kubernetesVersion: undefined, notTrue: [] },
      { id: 'c-2', name: 'c-2', isRke1: false, kubernetesVersion: 'v1.31.1', notTrue: ['Connected', 'Ready'] },
    ],
    rke1Templates: ['ClusterTemplate cattle-global-data/ct-1', 'NodeTemplate cattle-global-nt/nt-1'],
  })
})

test('what can be had: the chart at a path, the bundle, or the index', async () => {
  const { signal } = new AbortController()
  const chart = join(folder, 'chart')
  mkdirSync(chart)
  writeFileSync(join(chart, 'Chart.yaml'), 'name: rancher\nversion: 2.11.3\n')
  const index = Buffer.from(
    'entries:\n  rancher: [{version: 2.11.2}, {version: 2.11.3}]\n  cert-manager: [{version: v1.18.2}]\n',
  )
  const asked: string[] = []
  const sources = {
    signal,
    showChart: async () => '',
    fetch: async (url: string) => {
      asked.push(url)
      return index
    },
  }
  const listed = async (name: string) => [`${name}-of-bundle`]
  expect(await offeredCharts('rancher', settings({ chart }), sources, listed)).toEqual(['2.11.3'])
  expect(await offeredCharts('rancher', settings(), sources, listed)).toEqual(['rancher-of-bundle'])
  expect(asked).toEqual([])
  expect(await offeredCharts('rancher', settings({ chart: 'https://a.b/c/' }), sources, undefined)).toEqual([
    '2.11.2',
    '2.11.3',
  ])
  expect(await offeredCharts('cert-manager', settings({ chart }), sources, undefined)).toEqual(['v1.18.2'])
  expect(asked.map((url) => new URL(url).host)).toEqual(['a.b', expect.stringContaining('.')])
})

test('a chart that does not take its values is told in its own words, and leaves no values behind', async () => {
  const helm = join(folder, 'helm')
  writeFileSync(
    helm,
    '#!/bin/sh\nfor word; do case $word in *values*.yaml) grep -q bad "$word" && { echo "Error: values don\'t meet the specifications" >&2; exit 1; } ;; esac; done\necho "$@" >"$HOME/said"\n',
    { mode: 0o755 },
  )
  const work = mkdtempSync(join(folder, 'work-'))
  const { signal } = new AbortController()
  const chart = join(folder, 'chart-of-path')
  const charts = { helm, folder: work, chart, findChart: undefined, fetch: async () => Buffer.alloc(0), signal }
  expect(await tryChart(charts, '2.12.3', { good: true }, 'v1.32.6-rancher1-1')).toEqual([])
  const refusals = await tryChart(charts, '2.12.3', { bad: true }, 'v1.32.6-rancher1-1')
  expect(refusals).toHaveLength(1)
  expect(refusals[0]?.what).toMatch(/on Kubernetes v1\.32\.6: .*values don't meet the specifications/)
  expect(readdirSync(work).filter((name) => name.includes('values'))).toEqual([])

  const absent = await tryChart(
    { ...charts, chart: 'stable', findChart: async () => undefined },
    '2.12.3',
    {},
    'v1.32.6',
  )
  expect(absent[0]?.what).toMatch(/holds no chart rancher 2\.12\.3/)
  const stop = AbortSignal.abort(new StackError('timeout', 'enough'))
  await expect(tryChart({ ...charts, signal: stop }, '2.12.3', {}, 'v1.32.6')).rejects.toThrow('enough')
})

const takes = (values: object) => () => {
  const helm = join(folder, 'judging-helm')
  const script =
    'for word; do case $word in *values*.yaml) grep -q bad "$word" && { echo \'Error: no\' >&2; exit 1; } ;; esac; done'
  writeFileSync(helm, `#!/bin/sh\n${script}\nexit 0\n`, { mode: 0o755 })
  const { signal } = new AbortController()
  const chart = join(folder, 'chart-of-path')
  const charts = { helm, folder, chart, findChart: undefined, fetch: async () => Buffer.alloc(0), signal }
  return tryChart(charts, '2.12.3', { ...values }, 'v1.32.6-rancher1-1')
}

tries('preflight', [
  [
    'Mend helm-values; those of the release are shown by: helm get values rancher -n cattle-system.',
    takes({ bad: true }),
    takes({ good: true }),
  ],
])
