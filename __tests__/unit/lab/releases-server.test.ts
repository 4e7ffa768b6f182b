import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { SERVED_HELM, serveReleases } from '../../../lab/releases-server.ts'
import { VERSIONS } from '../../../lab/versions.ts'

function someBundle(): string {
  const bundle = mkdtempSync(join(tmpdir(), 'bundle-'))
  for (const folder of ['charts', 'tools/rke/v1', 'tools/helm', 'images'])
    mkdirSync(join(bundle, folder), { recursive: true })
  for (const file of ['bundle.json', 'charts/index.yaml', 'tools/rke/v1/rke', 'images/rke.tar']) {
    writeFileSync(join(bundle, file), file)
  }
  const helm = `helm-${VERSIONS.helm}-linux-amd64.tar.gz`
  writeFileSync(join(bundle, 'tools/helm', helm), 'helm')
  writeFileSync(join(bundle, 'tools/helm', `${helm}.sha256sum`), `digest  ${helm}\n`)
  return bundle
}

test('charts and tools of a bundle are served, and nothing else of it', async () => {
  await using server = await serveReleases(someBundle())
  const get = async (url: string) => {
    const response = await fetch(url)
    return response.ok ? await response.text() : response.status
  }
  const root = server.charts.replace(/\/charts$/, '')
  expect(await get(`${server.charts}/index.yaml`)).toBe('charts/index.yaml')
  expect(await get(`${server.tools}/rke/v1/rke`)).toBe('tools/rke/v1/rke')
  const helm = `helm-${SERVED_HELM}-linux-amd64.tar.gz`
  expect(await get(`${server.tools}/helm/${helm}`)).toBe('helm')
  expect(await get(`${server.tools}/helm/${helm}.sha256sum`)).toBe(`digest  ${helm}\n`)
  for (const path of ['/bundle.json', '/images/rke.tar', '/charts', '/charts/none.tgz', '/charts/%2e%2e/bundle.json']) {
    expect({ path, got: await get(`${root}${path}`) }).toEqual({ path, got: 404 })
  }
  expect(server.asked.slice(0, 2)).toEqual(['/charts/index.yaml', '/tools/rke/v1/rke'])
})
