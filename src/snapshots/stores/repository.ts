import type { Refusal } from '../../errors.ts'
import { StackError } from '../../errors.ts'

/** An artifact as GitHub's API tells it. */
export type Artifact = { id: number; name: string; sizeBytes: number; digest: string | undefined }

/** What of a repository's artifacts the API is asked for. */
export interface Repository {
  /** Permissions that are missing, by their names. */
  refuse(needs: { remove: boolean }): Promise<Refusal[]>
  defaultBranch(): Promise<string>
  /** undefined when the API does not know it (yet). */
  find(id: number, signal: AbortSignal): Promise<Artifact | undefined>
  /** Artifacts of runs of the default branch that no pull request began, and that have not expired. */
  trusted(isWanted: (name: string) => boolean, signal: AbortSignal): Promise<Artifact[]>
  remove(id: number, signal: AbortSignal): Promise<void>
}

/** Events whose runs a stranger's changes may take part in. */
export const OF_PULL_REQUESTS = /^pull_request/
/** There is no artifact of this number: asking to remove it changes nothing, and tells whether one may. */
const NO_ARTIFACT = 0

/** @param name "owner/name" */
export async function openRepository(name: string, token: string): Promise<Repository> {
  const { getOctokit } = await import('@actions/github')
  const { rest, paginate } = getOctokit(token)
  const [owner = '', repo = ''] = name.split('/')
  const here = { owner, repo }
  const runs = new Map<number, Promise<boolean>>()

  /** One run is asked for once, however many artifacts it has; of one that was deleted nothing is known. */
  const isOurs = (run_id: number, signal: AbortSignal): Promise<boolean> => {
    const asked =
      runs.get(run_id) ??
      rest.actions.getWorkflowRun({ ...here, run_id, request: { signal } }).then(
        ({ data }) => !OF_PULL_REQUESTS.test(data.event),
        (error: RequestError) => (error.status === 404 ? false : Promise.reject(error)),
      )
    runs.set(run_id, asked)
    return asked
  }

  return {
    async refuse({ remove }) {
      const read = rest.actions.listArtifactsForRepo({ ...here, per_page: 1 })
      const write = remove ? rest.actions.deleteArtifact({ ...here, artifact_id: NO_ARTIFACT }) : undefined
      const [readError, writeError] = await Promise.all([problemOf(read), problemOf(write)])
      if (readError !== undefined) return [missing('actions: read', 'listing artifacts', readError)]
      if (writeError?.status === 403) return [missing('actions: write', 'removing old artifacts', writeError)]
      return []
    },

    async defaultBranch() {
      return (await said('looking at the repository', () => rest.repos.get(here))).data.default_branch
    },

    async find(artifact_id, signal) {
      return await said('looking at an artifact (actions: read)', () =>
        rest.actions.getArtifact({ ...here, artifact_id, request: { signal } }).then(
          ({ data }) => artifactOf(data),
          (error: RequestError) => (error.status === 404 ? undefined : Promise.reject(error)),
        ),
      )
    },

    async trusted(isWanted, signal) {
      const request = { signal }
      const [{ data }, artifacts] = await said('listing artifacts (actions: read)', () =>
        Promise.all([
          rest.repos.get({ ...here, request }),
          paginate(rest.actions.listArtifactsForRepo, { ...here, per_page: 100, request }),
        ]),
      )
      const ours = artifacts.filter(
        ({ name, expired, workflow_run: run }) =>
          isWanted(name) &&
          !expired &&
          run?.repository_id === data.id &&
          run.head_repository_id === data.id &&
          run.head_branch === data.default_branch,
      )
      const counts = await said('looking at a run (actions: read)', () =>
        Promise.all(ours.map(({ workflow_run: run }) => isOurs(run?.id ?? 0, signal))),
      )
      return ours.filter((_, index) => counts[index]).map(artifactOf)
    },

    async remove(artifact_id, signal) {
      await said('removing an artifact (actions: write)', () =>
        rest.actions.deleteArtifact({ ...here, artifact_id, request: { signal } }),
      )
    },
  }
}

type Told = { id: number; name: string; size_in_bytes: number; digest?: string | null }

function artifactOf({ id, name, size_in_bytes: sizeBytes, digest }: Told): Artifact {
  return { id, name, sizeBytes, digest: digest ?? undefined }
}

type RequestError = Error & { status?: number }

function problemOf(request: Promise<unknown> | undefined): Promise<RequestError | undefined> {
  return Promise.resolve(request).then(
    () => undefined,
    (error: RequestError) => error,
  )
}

/** GitHub hides what a token may not see: 404 as well as 403. */
function missing(permission: string, doing: string, { status, message }: RequestError): Refusal {
  const isRefused = status === 401 || status === 403 || status === 404
  const answer = status === undefined ? message : `GitHub answered ${status}`
  return {
    kind: 'preflight',
    subject: 'github-token',
    what: isRefused ? `${doing} needs the permission ${permission}: ${answer}.` : `${doing} failed: ${message}.`,
    next: isRefused ? `Give the job "permissions: { ${permission} }", or a token that has it.` : 'Run again.',
  }
}

async function said<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { message, status } = cause as RequestError
    throw new StackError('snapshot', `${doing} failed: ${message}`, {
      next: 'Check github-token and its permissions, then run again.',
      retry: (status ?? 500) >= 500,
      cause,
    })
  }
}
