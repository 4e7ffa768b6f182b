import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type ActionsServices, startActionsServices } from '../../../lab/standin/actions-services/server.ts'

let services: ActionsServices
let folder: string
let before: NodeJS.ProcessEnv

beforeEach(async () => {
  before = { ...process.env }
  folder = await mkdtemp(join(tmpdir(), 'actions-services-'))
  services = await startActionsServices()
  Object.assign(process.env, services.env, { RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder })
})

afterEach(async () => {
  await services.close()
  await rm(folder, { recursive: true })
  process.env = before
})

const operations = () => services.requests.map((request) => request.operation)

test('what the official client saves, it restores: by its key, by a prefix, and not by another key', async () => {
  const cache = await import('@actions/cache')
  const file = join(folder, 'tool')
  await writeFile(file, 'one tool')
  expect(await cache.saveCache([file], 'helm-3.18-linux')).toBeGreaterThan(0)

  await rm(file)
  expect(await cache.restoreCache([file], 'helm-3.18-linux')).toBe('helm-3.18-linux')
  expect(await readFile(file, 'utf8')).toBe('one tool')

  await rm(file)
  expect(await cache.restoreCache([file], 'helm-3.19', ['helm-'])).toBe('helm-3.18-linux')
  expect(await readFile(file, 'utf8')).toBe('one tool')
  expect(await cache.restoreCache([file], 'rke-1.8')).toBeUndefined()
  expect(operations()).toContain('FinalizeCacheEntryUpload')
  expect(services.requests.at(-1)).toMatchObject({ operation: 'GetCacheEntryDownloadURL', message: { key: 'rke-1.8' } })
}, 30_000)

test('a key is written once', async () => {
  const cache = await import('@actions/cache')
  const file = join(folder, 'tool')
  await writeFile(file, 'first')
  await cache.saveCache([file], 'key')
  await writeFile(file, 'second')
  expect(await cache.saveCache([file], 'key')).toBe(-1)
  await cache.restoreCache([file], 'key')
  expect(await readFile(file, 'utf8')).toBe('first')
}, 30_000)

test('a fault is met as often as it says, and the client gets over it', async () => {
  const cache = await import('@actions/cache')
  services.faults.push({ operation: 'GetCacheEntryDownloadURL', status: 503 })
  expect(await cache.restoreCache([join(folder, 'tool')], 'key')).toBeUndefined()
  expect(services.requests.map(({ status }) => status)).toEqual([503, 200])
  expect(services.faults).toEqual([])
}, 30_000)

test('a corrupted blob has its length and other bytes; a truncated one ends early', async () => {
  const blob = `${services.url}container/folder/blob?sig=x`
  await fetch(blob, { method: 'PUT', body: 'snapshot' })
  services.faults.push({ operation: 'blob GET', corrupt: true }, { operation: 'blob GET', truncateAtBytes: 3 })
  const corrupted = await (await fetch(blob)).text()
  expect(corrupted).toHaveLength(8)
  expect(corrupted).not.toBe('snapshot')
  await expect(fetch(blob).then((answer) => answer.text())).rejects.toThrow()
  expect(await (await fetch(blob)).text()).toBe('snapshot')
})

const IDS = { workflow_run_backend_id: 'run-1', workflow_job_run_backend_id: 'job-1' }

async function artifacts(method: string, message: object, authorization = 'Bearer token') {
  const answer = await fetch(`${services.url}twirp/github.actions.results.api.v1.ArtifactService/${method}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ ...IDS, ...message }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('an artifact goes up in blocks, is listed for its own run alone, comes down, and can be deleted', async () => {
  const created = await artifacts('CreateArtifact', { name: 'etcd', version: 7 })
  const upload = String(created.body['signed_upload_url'])
  await fetch(`${upload}&comp=block&blockid=Mg==`, { method: 'PUT', body: 'two' })
  await fetch(`${upload}&comp=block&blockid=MQ==`, { method: 'PUT', body: 'one ' })
  const list = '<BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>'
  expect((await fetch(`${upload}&comp=blocklist`, { method: 'PUT', body: list })).status).toBe(201)
  expect((await artifacts('FinalizeArtifact', { name: 'etcd', size: '3' })).status).toBe(400)
  const done = await artifacts('FinalizeArtifact', { name: 'etcd', size: '7', hash: 'sha256:abc' })

  expect((await artifacts('ListArtifacts', { name_filter: 'etcd' })).body).toMatchObject({
    artifacts: [{ database_id: done.body['artifact_id'], name: 'etcd', size: '7', digest: 'sha256:abc' }],
  })
  expect((await artifacts('ListArtifacts', { workflow_run_backend_id: 'run-2' })).body).toEqual({ artifacts: [] })
  expect((await artifacts('CreateArtifact', { name: 'etcd', version: 7 })).status).toBe(409)
  const { body } = await artifacts('GetSignedArtifactURL', { name: 'etcd' })
  expect(await (await fetch(String(body['signed_url']))).text()).toBe('one two')
  await artifacts('DeleteArtifact', { name: 'etcd' })
  expect((await artifacts('GetSignedArtifactURL', { name: 'etcd' })).status).toBe(404)
})

test('without a token nothing is told', async () => {
  expect((await artifacts('ListArtifacts', {}, '')).status).toBe(401)
})
