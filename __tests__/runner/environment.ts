import { join } from 'node:path'
import type { Disk } from './disk.ts'

/** Who runs what, as far as a test cares to say it. */
export type RunnerContext = {
  runId?: string
  attempt?: number
  /** Owner of the stack: id and name. */
  repository?: { id: string; name: string }
  githubToken?: string
  /** The artifact and cache service of the job. */
  services?: { url: string; token: string }
}

/** A job of another repository: an owner that is not the default one. */
export const defaultRepository = { id: '4711', name: 'acme/platform' }

/**
 * The variables of a job on a hosted Linux runner. Of this machine's own environment only PATH is handed on,
 * so that no proxy, token or docker setting of a developer decides a test.
 */
export function runnerEnvironment(disk: Disk, action: string, context: RunnerContext): Record<string, string> {
  const repository = context.repository ?? defaultRepository
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: disk.home,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: 'rancher',
    GITHUB_ACTION_PATH: action,
    GITHUB_ACTOR: 'octocat',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_EVENT_NAME: 'workflow_dispatch',
    GITHUB_EVENT_PATH: join(disk.temp, '_github_workflow', 'event.json'),
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_JOB: 'rancher',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: repository.name,
    GITHUB_REPOSITORY_ID: repository.id,
    GITHUB_REPOSITORY_OWNER: repository.name.split('/')[0] ?? '',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: String(context.attempt ?? 1),
    GITHUB_RUN_ID: context.runId ?? String(Date.now()),
    GITHUB_RUN_NUMBER: '1',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_WORKFLOW: 'rancher',
    GITHUB_WORKSPACE: disk.workspace,
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'runner-1',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: disk.temp,
    RUNNER_TOOL_CACHE: disk.toolCache,
    ...serviceEnvironment(context.services),
  }
}

const serviceEnvironment = (services: RunnerContext['services']) =>
  services === undefined
    ? {}
    : {
        ACTIONS_RESULTS_URL: services.url,
        ACTIONS_RUNTIME_TOKEN: services.token,
        ACTIONS_CACHE_SERVICE_V2: 'True',
      }
