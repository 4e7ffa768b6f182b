import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Artifact } from './artifacts.ts'
import { type BlobStore, signedUrl } from './blobs.ts'

/** A workflow run as far as the REST API is asked for it. */
export type Run = { event: string; headBranch: string; headRepository: number }

export type Repository = {
  id: number
  defaultBranch: string
  /** What the token may do with artifacts. */
  permissions: ('read' | 'write')[]
  /** Runs by their backend id; one that is not named is of the default branch, by schedule. */
  runs: Record<string, Run>
  /** What is answered instead, by the beginning of the route after the repository. */
  answers?: Record<string, Answer>
}

type World = { repository: Repository; artifacts: Artifact[]; blobs: BlobStore; base: string }
type Answer = { status: number; body?: unknown; location?: string }

const FORBIDDEN: Answer = { status: 403, body: { message: 'Resource not accessible by integration' } }
const MISSING: Answer = { status: 404, body: { message: 'Not Found' } }

/** The few routes of GitHub's REST API that have to do with artifacts, of one repository whatever its name. */
export function answerRest(world: World, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', world.base)
  const route = pathname.replace(/^\/api\/repos\/[^/]+\/[^/]+/, '')
  const { status, body, location } = answer(world, request.method ?? 'GET', route)
  response.writeHead(status, { 'content-type': 'application/json', ...(location !== undefined && { location }) })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

function answer({ repository, artifacts, blobs, base }: World, method: string, route: string): Answer {
  const { permissions, id, defaultBranch } = repository
  const named = (number: string | undefined) => artifacts.find(({ finished }) => finished?.id === number)
  const instead = Object.entries(repository.answers ?? {}).find(([beginning]) => route.startsWith(beginning))
  if (instead !== undefined) return instead[1]
  if (route === '') return { status: 200, body: { id, default_branch: defaultBranch } }
  if (!permissions.includes(method === 'DELETE' ? 'write' : 'read')) return FORBIDDEN

  const [, run] = /^\/actions\/runs\/(\d+)$/.exec(route) ?? []
  if (run !== undefined)
    return { status: 200, body: { id: Number(run), event: runOf(repository, runName(artifacts, run)).event } }
  if (route === '/actions/artifacts') {
    const finished = artifacts.filter((artifact) => artifact.finished !== undefined)
    const described = finished.map((artifact) => describe(repository, artifacts, artifact))
    return { status: 200, body: { total_count: described.length, artifacts: described } }
  }
  const [, number, zip] = /^\/actions\/artifacts\/(\d+)(\/zip)?$/.exec(route) ?? []
  const artifact = named(number)
  if (artifact === undefined) return MISSING
  if (zip !== undefined) return { status: 302, location: signedUrl(base, artifact.path) }
  if (method !== 'DELETE') return { status: 200, body: describe(repository, artifacts, artifact) }
  artifacts.splice(artifacts.indexOf(artifact), 1)
  blobs.remove(artifact.path)
  return { status: 204 }
}

function describe(repository: Repository, artifacts: Artifact[], { run, name, createdAt, finished }: Artifact) {
  const { headBranch, headRepository } = runOf(repository, run)
  return {
    id: Number(finished?.id),
    name,
    size_in_bytes: Number(finished?.size),
    digest: finished?.digest,
    expired: false,
    created_at: createdAt,
    workflow_run: {
      id: runNumber(artifacts, run),
      repository_id: repository.id,
      head_repository_id: headRepository,
      head_branch: headBranch,
    },
  }
}

function runOf({ id, defaultBranch, runs }: Repository, run: string): Run {
  return runs[run] ?? { event: 'schedule', headBranch: defaultBranch, headRepository: id }
}

/** The REST API knows runs by numbers, the artifact service by names: here a run's number is its place. */
function runNumber(artifacts: Artifact[], run: string): number {
  return artifacts.findIndex((artifact) => artifact.run === run) + 1
}

function runName(artifacts: Artifact[], number: string): string {
  return artifacts[Number(number) - 1]?.run ?? ''
}
