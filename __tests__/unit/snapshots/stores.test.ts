import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type ActionsServices, startActionsServices } from '../../../lab/standin/actions-services/server.ts'
import { type S3, startS3 } from '../../../lab/standin/s3/server.ts'
import { artifactStore } from '../../../src/snapshots/stores/artifacts.ts'
import { directoryStore } from '../../../src/snapshots/stores/directory.ts'
import { s3Store } from '../../../src/snapshots/stores/s3.ts'
import type { Packed, Store } from '../../../src/snapshots/stores/store.ts'
import { tries } from '../remedies/tries.ts'
import { about, never, scratch, UID } from './make.ts'

jest.setTimeout(60_000)

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())
const environment = { ...process.env }
afterEach(() => {
  process.env = { ...environment }
})

let count = 0
const fresh = (): string => {
  count += 1
  const path = join(folder.path, `f${count}`)
  mkdirSync(path)
  return path
}

function packed(run = '100-1', bytes = randomBytes(100_000)): Packed & { bytes: Buffer } {
  const file = `rancher_${UID}_20261124T030000Z_${run}_51-14.tar.age`
  const path = join(fresh(), file)
  writeFileSync(path, bytes)
  return { path, file, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}

const files = async (store: Store) => (await store.list(never)).map(({ file }) => file)

async function comesBack(store: Store, ref: string, { bytes }: { bytes: Buffer }): Promise<void> {
  expect(readFileSync(await store.fetch(ref, fresh(), never)).equals(bytes)).toBe(true)
}

describe('a folder', () => {
  test('keeps a file whole, for its owner alone, and lists it', async () => {
    const at = join(fresh(), 'deep', 'er')
    const store = directoryStore({ kind: 'file', folder: at })
    expect(await store.preflight({ write: true, remove: true })).toEqual([])
    const one = packed()
    const { ref } = await store.put(one, never)
    expect(ref).toBe(join(at, one.file))
    expect(statSync(ref).mode & 0o777).toBe(0o600)
    expect(await store.list(never)).toEqual([{ file: one.file, ref, sizeBytes: 100_000 }])
    await comesBack(store, ref, one)
    await store.remove(ref, never)
    expect(readdirSync(at)).toEqual([])
  })

  test('never writes over another, and leaves nothing half behind', async () => {
    const at = fresh()
    const store = directoryStore({ kind: 'file', folder: at })
    const one = packed()
    await store.put(one, never)
    await expect(store.put({ ...packed(), file: one.file }, never)).rejects.toThrow('EEXIST')
    await expect(store.put({ ...packed('101-1'), sha256: 'ab'.repeat(32) }, never)).rejects.toThrow('another SHA-256')
    await expect(store.put(packed('102-1'), AbortSignal.abort())).rejects.toMatchObject({ kind: 'snapshot' })
    expect(readdirSync(at)).toEqual([one.file])
    expect(readFileSync(join(at, one.file)).equals(one.bytes)).toBe(true)
  })

  test('what a killed writer left is not listed, and swept when it is old', async () => {
    const at = fresh()
    const store = directoryStore({ kind: 'file', folder: at })
    const [old, young] = [join(at, '.rancher-ha-old.tar'), join(at, '.rancher-ha-young.tar')]
    for (const path of [old, young]) writeFileSync(path, 'half')
    utimesSync(old, new Date(0), new Date(0))
    expect(await files(store)).toEqual([])
    await store.put(packed(), never)
    expect(readdirSync(at)).toContain(basename(young))
    expect(readdirSync(at)).not.toContain(basename(old))
  })

  test('that cannot be used is refused before anything is done', async () => {
    const at = fresh()
    writeFileSync(join(at, 'file'), '')
    const store = directoryStore({ kind: 'file', folder: join(at, 'file', 'below') })
    expect(about(await store.preflight({ write: true, remove: false }))).toEqual([
      expect.stringContaining('backup-to: file:'),
    ])
    const missing = directoryStore({ kind: 'file', folder: join(at, 'missing') })
    expect(await missing.preflight({ write: false, remove: false })).toHaveLength(1)
    chmodSync(at, 0o700)
  })
})

describe('a bucket', () => {
  let s3: S3
  let store: Store
  beforeEach(async () => {
    s3 = await startS3()
    const credentials = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' }
    Object.assign(process.env, credentials, { AWS_ENDPOINT_URL: s3.url, AWS_MAX_ATTEMPTS: '2' })
    store = s3Store({ kind: 's3', bucket: 'bucket', prefix: 'rancher/prod' })
  })
  afterEach(async () => await s3[Symbol.asyncDispose]())

  const stored = (file: string) => s3.objects.get(`bucket/rancher/prod/${file}`)

  test('keeps a small one in one piece and a large one in parts, encrypted on the server', async () => {
    const [small, large] = [packed('100-1'), packed('101-1', randomBytes(40 * 1024 * 1024))]
    for (const one of [small, large]) {
      const { ref } = await store.put(one, never)
      expect(stored(one.file)?.body.equals(one.bytes)).toBe(true)
      expect(stored(one.file)).toMatchObject({ encryption: 'AES256', metadata: { sha256: one.sha256 } })
      await comesBack(store, ref, one)
    }
    expect(s3.operations.filter((operation) => operation === 'UploadPart')).toHaveLength(3)
    expect((await files(store)).toSorted()).toEqual([small.file, large.file])
    s3.objects.set('bucket/rancher/prod/other/deeper', { body: Buffer.alloc(1), metadata: {}, encryption: undefined })
    expect(await files(store)).toHaveLength(2)
    await store.remove(`rancher/prod/${small.file}`, never)
    expect(await files(store)).toEqual([large.file])
  })

  test.each([100_000, 20 * 1024 * 1024])('never writes over another one of %i bytes', async (size) => {
    const one = packed('100-1', randomBytes(size))
    await store.put(one, never)
    await expect(store.put({ ...packed('100-1', randomBytes(size)), file: one.file }, never)).rejects.toThrow(
      'another object',
    )
    expect(stored(one.file)?.body.equals(one.bytes)).toBe(true)
  })

  test('its own copy, whose answer was lost, is good', async () => {
    const one = packed()
    await store.put(one, never)
    await expect(store.put(one, never)).resolves.toEqual({ ref: `rancher/prod/${one.file}`, url: undefined })
  })

  test('that fails in the middle of the parts is told; nothing half is listed or left, and a retry succeeds', async () => {
    const one = packed('100-1', randomBytes(40 * 1024 * 1024))
    s3.faults.push({ operation: 'UploadPart', times: 6, status: 500 })
    await expect(store.put(one, never)).rejects.toMatchObject({ kind: 'snapshot', retry: true })
    expect(await files(store)).toEqual([])
    expect(s3.uploads.size).toBe(0)
    s3.faults.length = 0
    await store.put(one, never)
    expect(await files(store)).toEqual([one.file])
  })

  test('one lost answer is asked for again', async () => {
    const one = packed()
    s3.faults.push({ operation: 'PutObject', status: 503 })
    await store.put(one, never)
    expect(stored(one.file)?.body.equals(one.bytes)).toBe(true)
  })

  test('that may not be used is refused before anything is done', async () => {
    expect(await store.preflight({ write: true, remove: true })).toEqual([])
    s3.faults.push({ operation: 'ListObjectsV2', times: 2, status: 403 })
    expect(about(await store.preflight({ write: true, remove: true }))).toEqual([
      expect.stringContaining('backup-to: s3://bucket/rancher/prod cannot be listed'),
    ])
  })

  test('what is cut off on its way back is told', async () => {
    const one = packed('100-1', randomBytes(1024 * 1024))
    const { ref } = await store.put(one, never)
    s3.faults.push({ operation: 'GetObject', truncateAtBytes: 1000 })
    await expect(store.fetch(ref, fresh(), never)).rejects.toMatchObject({ kind: 'snapshot' })
  })

  const answers = (act: () => unknown, status?: number) => () => {
    s3.faults.length = 0
    if (status !== undefined)
      s3.faults.push({ operation: 'ListObjectsV2', times: 9, status }, { operation: 'PutObject', times: 9, status })
    return act()
  }
  tries('snapshot', [
    [
      'Check bucket, AWS_REGION and the credentials; they need s3:ListBucket, s3:GetObject, s3:PutObject.',
      answers(() => store.preflight({ write: true, remove: true }), 403),
      answers(() => store.preflight({ write: true, remove: true })),
    ],
    [
      'Check the bucket and the credentials: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject.',
      answers(() => store.put(packed(), never), 403),
      answers(() => store.put(packed(), never)),
    ],
  ])
})

describe('the artifacts of a repository', () => {
  let services: ActionsServices
  const store = (token: string | undefined = 'token') =>
    artifactStore({ kind: 'artifact' }, { repository: 'acme/infra', token, retentionDays: 30 })
  const act = (env: Record<string, string>) =>
    Object.assign(process.env, env, { GITHUB_RUN_ID: '100', RUNNER_TEMP: fresh() })
  // The clients read the API's address once.
  beforeAll(async () => {
    services = await startActionsServices()
  })
  afterAll(async () => await services.close())
  beforeEach(() => {
    for (const list of [services.artifacts, services.requests, services.faults]) list.length = 0
    Object.assign(services.repository, { permissions: ['read', 'write'], runs: {}, answers: {} })
    act(services.env)
  })

  /** An artifact that another run made, whatever it holds. */
  async function madeBy(run: string, { file, bytes }: { file: string; bytes: Buffer }): Promise<void> {
    const call = async (method: string, message: object) => {
      const answer = await fetch(`${services.url}twirp/github.actions.results.api.v1.ArtifactService/${method}`, {
        method: 'POST',
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
        body: JSON.stringify({
          workflow_run_backend_id: run,
          workflow_job_run_backend_id: 'job',
          name: file,
          ...message,
        }),
      })
      return (await answer.json()) as Record<string, string>
    }
    const { signed_upload_url: address = '' } = await call('CreateArtifact', { version: 7 })
    await fetch(address, { method: 'PUT', body: new Uint8Array(bytes) })
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    await call('FinalizeArtifact', { size: String(bytes.length), hash: digest })
  }

  test('keep a file as it is, under its own name, and give it back by the digest they had of it', async () => {
    const one = packed()
    const { ref, url } = await store().put(one, never)
    expect(url).toBe(`https://github.com/acme/infra/actions/runs/100/artifacts/${ref}`)
    expect(await store().list(never)).toEqual([{ file: one.file, ref, sizeBytes: one.sizeBytes }])
    const blobs = services.requests.filter(({ operation }) => operation === 'blob PUT')
    expect(blobs.length).toBeGreaterThan(0)
    await comesBack(store(), ref, one)
    const created = services.requests.find(({ operation }) => operation === 'CreateArtifact')
    expect(created?.message).toMatchObject({ name: one.file, expires_at: expect.any(String) })
    await store().remove(ref, never)
    expect(await store().list(never)).toEqual([])
  })

  test('of another run of the default branch count; of a fork, of a branch, of a pull request and other names do not', async () => {
    const ours = packed('200-1')
    await madeBy('nightly', ours)
    services.repository.runs = {
      fork: { event: 'schedule', headBranch: 'main', headRepository: 666 },
      branch: { event: 'push', headBranch: 'feature', headRepository: 1 },
      pull: { event: 'pull_request', headBranch: 'main', headRepository: 1 },
      target: { event: 'pull_request_target', headBranch: 'main', headRepository: 1 },
    }
    for (const run of Object.keys(services.repository.runs)) await madeBy(run, packed('200-1'))
    await madeBy('nightly', { file: 'logs.tar', bytes: Buffer.from('logs') })
    const listed = await store().list(never)
    expect(listed).toHaveLength(1)
    await comesBack(store(), listed[0]?.ref ?? '', ours)
    const forks = services.artifacts.find(({ run }) => run === 'fork')?.finished?.id ?? ''
    await expect(store().fetch(forks, fresh(), never)).rejects.toThrow('may be trusted')
  })

  test('a byte that changed on its way back is told', async () => {
    const { ref } = await store().put(packed(), never)
    services.faults.push({ operation: 'blob GET', corrupt: true })
    await expect(store().fetch(ref, fresh(), never)).rejects.toThrow('another SHA-256')
  })

  test('a service that is gone for a moment is asked again; one that refuses is told, and nothing is listed', async () => {
    services.faults.push({ operation: 'CreateArtifact', status: 503 })
    await store().put(packed('100-1'), never)
    services.faults.push({ operation: 'FinalizeArtifact', status: 400 })
    await expect(store().put(packed('101-1'), never)).rejects.toMatchObject({ kind: 'snapshot' })
    expect(await files(store())).toHaveLength(1)
  })

  test('one the service has another digest of does not count', async () => {
    const one = packed()
    const described = { status: 200, body: { id: 1, name: one.file, size_in_bytes: 1, digest: 'sha256:other' } }
    services.repository.answers = { '/actions/artifacts/': described }
    await expect(store().put(one, never)).rejects.toThrow('has sha256:other: expected')
  })

  test.each([
    [{ GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'schedule' }, undefined],
    [{ GITHUB_REF: 'refs/heads/feature', GITHUB_EVENT_NAME: 'push' }, 'refs/heads/feature'],
    [{ GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'pull_request_target' }, 'event pull_request_target'],
  ])('of a run whose artifacts would never count none is made: %j', async (env, named) => {
    Object.assign(process.env, env)
    const refusals = about(await store().preflight({ write: true, remove: false }))
    expect(refusals).toEqual(named === undefined ? [] : [expect.stringContaining(`this run is of ${named}`)])
    expect(await store().preflight({ write: false, remove: false })).toEqual([])
  })

  test('each permission that is missing is named', async () => {
    const refusals = async (remove: boolean) => about(await store().preflight({ write: true, remove }))
    expect(await refusals(true)).toEqual([])
    services.repository.permissions = ['read']
    expect(await refusals(false)).toEqual([])
    expect(await refusals(true)).toEqual([
      expect.stringContaining('github-token: removing old artifacts needs the permission actions: write'),
    ])
    services.repository.permissions = []
    expect(await refusals(true)).toEqual([expect.stringContaining('needs the permission actions: read')])
  })

  test('without a token, and outside of a job, they are refused', async () => {
    process.env = { ...environment }
    const refusals = await artifactStore(
      { kind: 'artifact' },
      { repository: 'a/b', token: undefined, retentionDays: 1 },
    ).preflight({ write: true, remove: false })
    expect(about(refusals)).toEqual([
      expect.stringContaining('a job of GitHub Actions'),
      expect.stringContaining('github-token'),
    ])
  })

  const may = (permissions: ('read' | 'write')[], act: () => unknown) => () => {
    services.repository.permissions = permissions
    return act()
  }
  const asks = (remove: boolean) => () => store().preflight({ write: true, remove })
  const within = (env: Record<string, string>, act: () => unknown) => () => {
    Object.assign(process.env, env)
    return act()
  }
  tries('preflight', [
    [
      'Give the job "permissions: { actions: read }", or a token that has it.',
      may([], asks(false)),
      may(['read'], asks(false)),
    ],
    [
      'Give the job "permissions: { actions: write }", or a token that has it.',
      may(['read'], asks(true)),
      may(['read', 'write'], asks(true)),
    ],
    [
      'Run again.',
      () => {
        services.repository.answers = { '/actions/artifacts': { status: 500, body: {} } }
        return asks(false)()
      },
      () => {
        services.repository.answers = {}
        return asks(false)()
      },
    ],
    [
      'Give github-token, with the permission actions: read.',
      () =>
        artifactStore({ kind: 'artifact' }, { repository: 'acme/infra', token: undefined, retentionDays: 30 }).list(
          never,
        ),
      () => store().list(never),
    ],
    [
      'Run it on …, or name a folder or a bucket.',
      within({ GITHUB_REF: 'refs/heads/feature', GITHUB_EVENT_NAME: 'push' }, asks(false)),
      within({ GITHUB_REF: 'refs/heads/main' }, asks(false)),
      within({ GITHUB_REF: 'refs/heads/feature' }, () =>
        directoryStore({ kind: 'file', folder: fresh() }).preflight({ write: true, remove: false }),
      ),
    ],
    [
      'Name a folder (file:path) or a bucket (s3://…).',
      within({ ACTIONS_RUNTIME_TOKEN: '' }, asks(false)),
      within({ ACTIONS_RUNTIME_TOKEN: '' }, () =>
        directoryStore({ kind: 'file', folder: fresh() }).preflight({ write: true, remove: false }),
      ),
    ],
  ])

  const failing = (fault: (typeof services.faults)[number] | undefined, act: () => unknown) => () => {
    services.faults.length = 0
    if (fault !== undefined) services.faults.push(fault)
    return act()
  }
  /** Brings back the one snapshot that is kept. */
  const fetchKept = async () => store().fetch((await store().list(never))[0]?.ref ?? '', fresh(), never)
  tries('snapshot', [
    [
      'Check github-token and its permissions, then run again.',
      may([], () => store().list(never)),
      may(['read'], () => store().list(never)),
    ],
    [
      'Run mode backup again; what was sent does not count.',
      failing({ operation: 'FinalizeArtifact', status: 400 }, () => store().put(packed('101-1'), never)),
      failing(undefined, () => store().put(packed('102-1'), never)),
    ],
    [
      'Run mode backup again; this artifact does not count.',
      () => {
        const body = { id: 1, name: 'x', size_in_bytes: 1, digest: 'sha256:other' }
        services.repository.answers = { '/actions/artifacts/': { status: 200, body } }
        return store().put(packed('103-1'), never)
      },
      () => {
        services.repository.answers = {}
        return store().put(packed('104-1'), never)
      },
    ],
    [
      'Run again; or take another copy of this snapshot.',
      async () => {
        await store().put(packed(), never)
        services.faults.push({ operation: 'blob GET', corrupt: true })
        await fetchKept()
      },
      failing(undefined, fetchKept),
    ],
  ])
})
