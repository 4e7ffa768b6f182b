import { type GitHub, startGitHub } from '../../../lab/standin/github/server.ts'
import type { Clock } from '../../../src/clock.ts'
import { openClient } from '../../../src/github/client.ts'
import { type Conversation, openConversation } from '../../../src/github/conversation.ts'
import { occasionOf } from '../../../src/github/occasion.ts'
import { emptySummary, type SummaryData } from '../../../src/report/summary.ts'
import type { GitHubSettings, Mode, Settings } from '../../../src/settings.ts'

/** A clock whose every wait is over at once; what was waited for is written down. */
export function hurriedClock(now = Date.UTC(2026, 0, 1, 12)): Clock & { waitedMs: number[] } {
  const waitedMs: number[] = []
  return {
    waitedMs,
    now: () => now,
    after(ms, ring) {
      waitedMs.push(ms)
      const soon = setImmediate(ring)
      return () => clearImmediate(soon)
    },
  }
}

export const nothing: SummaryData = emptySummary()

export const installed: SummaryData = {
  ...nothing,
  outputs: {
    'rancher-url': 'https://pr-7.preview.example.org',
    'rancher-version': '2.11.3',
    expires: '2026-01-03T12:00:00Z',
  },
  timeline: [{ heading: '[1/1] Install Rancher', startMs: 0, tookMs: 90_000, ok: true }],
}

export type Said = { lines: string[]; warnings: string[]; kept: boolean[] }

type RunOf = {
  mode?: Mode
  action?: string
  runId?: string
  sha?: string
  token?: string
  dryRun?: boolean
  name?: string
  event?: 'pull_request' | 'schedule'
  github?: Partial<GitHubSettings>
}

/** The conversation of one run for pull request 7 (or of a schedule) with a stand-in of GitHub. */
export function converse(github: GitHub, run: RunOf = {}): Conversation & Said {
  const { mode = 'install', action = 'opened', runId = '100', sha = 'a'.repeat(40), token = 'job-token' } = run
  const said: Said = { lines: [], warnings: [], kept: [] }
  const clock = hurriedClock()
  const repo = { full_name: 'acme/platform' }
  const pull = { number: 7, head: { sha, repo }, base: { repo } }
  const occasion = occasionOf(
    {
      GITHUB_REPOSITORY: 'acme/platform',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: runId,
      GITHUB_SHA: sha,
      GITHUB_EVENT_NAME: run.event ?? 'pull_request',
    },
    run.event === 'schedule' ? {} : { action, pull_request: pull },
  )
  const settings = {
    mode,
    stack: { name: run.name ?? 'pr-7', owner: '4711', ownerName: 'acme/platform' },
    github: { token, comment: true, environment: 'pr-7', failureIssue: false, ...run.github },
    rancher: { bootstrapPassword: 'hunter22' },
    dryRun: run.dryRun ?? false,
  } as unknown as Settings
  const conversation = openConversation(settings, {
    occasion,
    clock,
    client: () => openClient({ token, owner: 'acme', repo: 'platform', apiUrl: github.url }, clock),
    line: (text) => said.lines.push(text),
    warn: (text) => said.warnings.push(text),
    keep: (open) => said.kept.push(open),
  })
  return { ...conversation, ...said }
}

/** A stand-in whose pull request 7 is open at commit aaaa…. */
export async function openPullRequest(options: Parameters<typeof startGitHub>[0] = {}): Promise<GitHub> {
  const github = await startGitHub(options)
  github.world.pulls.set(7, { state: 'open', headSha: 'a'.repeat(40) })
  return github
}

export const states = ({ world }: GitHub) => world.deployments.map(({ statuses }) => statuses.at(-1)?.state)
