import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Refusal, StackError } from '../../errors.ts'
import { parseFileName } from '../names.ts'
import type { Place } from '../snapshot.ts'
import { OF_PULL_REQUESTS, openRepository, type Repository } from './repository.ts'
import type { Packed, Store, Stored } from './store.ts'

export type ArtifactOptions = {
  /** "owner/name". */
  repository: string
  /** Reads the artifacts of other runs, and removes them; undefined: neither. */
  token: string | undefined
  retentionDays: number | undefined
}

/**
 * The artifacts of a repository's runs. Anybody can make an artifact of any name in a fork's pull request: one counts
 * only when its run was of the repository's own default branch, and of no event of a pull request.
 */
export function artifactStore(place: Place & { kind: 'artifact' }, options: ArtifactOptions): Store {
  let opened: Promise<Repository> | undefined
  const repository = () => {
    if (options.token === undefined) throw withoutToken()
    opened ??= openRepository(options.repository, options.token)
    return opened
  }

  return {
    place,
    async preflight({ write, remove }) {
      const refusals = write && !canUpload() ? [notInAJob()] : []
      if (options.token === undefined) return [...refusals, refusalOf(withoutToken())]
      const { refuse, defaultBranch } = await repository()
      const missing = await refuse({ remove })
      if (!write || missing.length > 0) return [...refusals, ...missing]
      return [...refusals, ...refuseRun(await defaultBranch())]
    },

    async list(signal) {
      const artifacts = await (await repository()).trusted(isSnapshot, signal)
      return artifacts.map(({ id, name, sizeBytes }): Stored => ({ file: name, ref: String(id), sizeBytes }))
    },

    async put(packed, signal) {
      signal.throwIfAborted()
      const id = await upload(packed, options.retentionDays)
      const stored = await (await repository()).find(id, signal)
      if (stored?.digest !== undefined && stored.digest !== `sha256:${packed.sha256}`)
        throw altered(packed, stored.digest)
      return { ref: String(id), url: urlOf(options.repository, id) }
    },

    async fetch(ref, folder, signal) {
      const found = (await (await repository()).trusted(isSnapshot, signal)).find(({ id }) => String(id) === ref)
      if (found === undefined) throw new StackError('snapshot', `There is no artifact ${ref} that may be trusted.`)
      return await download(found, folder, options)
    },

    async remove(ref, signal) {
      await (await repository()).remove(Number(ref), signal)
    },
  }
}

const isSnapshot = (name: string) => parseFileName(name) !== undefined

/** As it is: what is encrypted cannot be compressed. */
async function upload({ path, file, sha256, sizeBytes }: Packed, retentionDays: number | undefined): Promise<number> {
  const { DefaultArtifactClient } = await import('@actions/artifact')
  const options = { skipArchive: true, ...(retentionDays !== undefined && { retentionDays }) }
  const sent = await new DefaultArtifactClient().uploadArtifact(file, [path], dirname(path), options).catch((cause) => {
    throw new StackError('snapshot', `The artifact ${file} was not stored: ${cause.message}`, {
      next: 'Run mode backup again; what was sent does not count.',
      retry: true,
      cause,
    })
  })
  if (sent.id !== undefined && sent.size === sizeBytes && sent.digest === sha256) return sent.id
  throw altered({ file, sha256 }, `sha256:${sent.digest}`)
}

function altered({ file, sha256 }: Pick<Packed, 'file' | 'sha256'>, digest: string): StackError {
  return new StackError('snapshot', `The artifact ${file} has ${digest}: expected sha256:${sha256}.`, {
    next: 'Run mode backup again; this artifact does not count.',
  })
}

async function download(
  { id, digest }: { id: number; digest: string | undefined },
  folder: string,
  { repository, token = '' }: ArtifactOptions,
): Promise<string> {
  const { DefaultArtifactClient } = await import('@actions/artifact')
  const [repositoryOwner = '', repositoryName = ''] = repository.split('/')
  const findBy = { token, workflowRunId: 0, repositoryOwner, repositoryName }
  const options = { path: folder, findBy, skipDecompress: true, ...(digest !== undefined && { expectedHash: digest }) }
  const { digestMismatch } = await new DefaultArtifactClient().downloadArtifact(id, options).catch((cause) => {
    throw new StackError('snapshot', `The artifact ${id} could not be fetched: ${cause.message}`, {
      retry: true,
      cause,
    })
  })
  const [file, ...others] = await readdir(folder)
  if (digestMismatch || file === undefined || others.length > 0) {
    throw new StackError('snapshot', `The artifact ${id} came back with another SHA-256 than it was stored with.`, {
      stands: 'Nothing was touched.',
      next: 'Run again; or take another copy of this snapshot.',
    })
  }
  return join(folder, file)
}

/** The runner gives every action what it needs to reach the artifact service. */
function canUpload(): boolean {
  return Boolean(process.env['ACTIONS_RUNTIME_TOKEN'] && process.env['ACTIONS_RESULTS_URL'])
}

function urlOf(repository: string, id: number): string {
  const server = process.env['GITHUB_SERVER_URL'] || 'https://github.com'
  return `${server}/${repository}/actions/runs/${process.env['GITHUB_RUN_ID']}/artifacts/${id}`
}

function notInAJob(): Refusal {
  const what = 'expected a job of GitHub Actions for artifact, and this is none.'
  return { kind: 'preflight', subject: 'backup-to', what, next: 'Name a folder (file:path) or a bucket (s3://…).' }
}

/** An artifact that will never count is no backup. */
function refuseRun(defaultBranch: string): Refusal[] {
  const { GITHUB_REF: ref = '', GITHUB_EVENT_NAME: event = '' } = process.env
  const isOfPullRequest = OF_PULL_REQUESTS.test(event)
  if (!isOfPullRequest && (ref === '' || ref === `refs/heads/${defaultBranch}`)) return []
  const of = isOfPullRequest ? `event ${event}` : ref
  const what = `artifacts count only of runs of the default branch (${defaultBranch}), and this run is of ${of}.`
  const next = `Run it on ${defaultBranch}, or name a folder or a bucket.`
  return [{ kind: 'preflight', subject: 'backup-to', what, next }]
}

function withoutToken(): StackError {
  return new StackError('preflight', 'github-token: needed to find the artifacts of other runs, got nothing.', {
    stands: 'Nothing was changed.',
    next: 'Give github-token, with the permission actions: read.',
  })
}

function refusalOf({ kind, message, next = '' }: StackError): Refusal {
  return { kind, subject: 'backup-to', what: message, next }
}
