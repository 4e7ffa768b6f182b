import { expect, test } from '@jest/globals'
import { openClient } from '../../../src/github/client.ts'
import { putComment } from '../../../src/github/put-comment.ts'
import { tries } from '../remedies/tries.ts'
import { hurriedClock, installed, openPullRequest } from './world.ts'

const where = { token: 'job-token', owner: 'acme', repo: 'platform' }
const comment = {
  mode: 'install',
  standing: 'ready',
  reason: undefined,
  summary: installed,
  stack: { name: 'pr-7', owner: '4711' },
  runUrl: 'https://github.com/acme/platform/actions/runs/1/attempts/1',
  at: new Date(0),
  login: undefined,
} as const

const read = { owner: 'acme', repo: 'platform', pull_number: 7 }

test('an outage is tried three times in all, then told', async () => {
  await using github = await openPullRequest()
  const clock = hurriedClock()
  const { octokit } = await openClient({ ...where, apiUrl: github.url }, clock)
  github.faults.push({ request: /pulls/, status: 502, times: 2 })
  expect((await octokit.rest.pulls.get(read)).data.state).toBe('open')
  github.faults.push({ request: /pulls/, status: 503, times: 3 })
  await expect(octokit.rest.pulls.get(read)).rejects.toMatchObject({
    kind: 'cloud',
    message: 'GitHub did not answer when asked to read the pull request: status 503.',
  })
  expect(clock.waitedMs).toEqual([1000, 4000, 1000, 4000])
})

test('a connection that is cut is an outage', async () => {
  await using github = await openPullRequest()
  const { octokit } = await openClient({ ...where, apiUrl: github.url }, hurriedClock())
  github.faults.push({ request: /pulls/, status: 0 })
  expect((await octokit.rest.pulls.get(read)).status).toBe(200)
  expect(github.requests).toHaveLength(2)
})

test.each([true, false])(
  'a comment is written once, though its answer is lost (it was carried out: %s)',
  async (afterwards) => {
    await using github = await openPullRequest()
    const client = await openClient({ ...where, apiUrl: github.url }, hurriedClock())
    github.faults.push({ request: /^POST .*comments/, status: 502, afterwards })
    await putComment(client, 7, comment)
    expect(github.world.comments).toHaveLength(1)
  },
)

test('a limit that ends soon is waited for', async () => {
  await using github = await openPullRequest()
  const clock = hurriedClock()
  const client = await openClient({ ...where, apiUrl: github.url }, clock)
  const reset = String(clock.now() / 1000 + 30)
  github.faults.push(
    { request: /^POST/, status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset } },
    {
      request: /^POST/,
      status: 403,
      message: 'You have exceeded a secondary rate limit',
      headers: { 'retry-after': '7' },
    },
  )
  await putComment(client, 7, comment)
  expect(clock.waitedMs).toEqual([30_000, 7_000])
  expect(github.world.comments).toHaveLength(1)
})

test('a limit that ends late is told with its end, and not waited for', async () => {
  await using github = await openPullRequest()
  const clock = hurriedClock()
  const { octokit } = await openClient({ ...where, apiUrl: github.url }, clock)
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(clock.now() / 1000 + 3600) }
  github.faults.push({ request: /pulls/, status: 403, headers })
  await expect(octokit.rest.pulls.get(read)).rejects.toThrow(
    "GitHub's limit of requests is used up until 2026-01-01T13:00:00Z; it did not read the pull request.",
  )
  expect(clock.waitedMs).toEqual([])
})

test('a token that is not known, and a request that is not understood, are told as such', async () => {
  await using github = await openPullRequest()
  const stranger = await openClient({ ...where, token: 'expired', apiUrl: github.url }, hurriedClock())
  await expect(stranger.octokit.rest.pulls.get(read)).rejects.toMatchObject({
    kind: 'input',
    message: 'GitHub does not take the github-token: Bad credentials.',
  })
  const client = await openClient({ ...where, apiUrl: github.url }, hurriedClock())
  const issue = { owner: 'acme', repo: 'platform', issue_number: 7, body: 'x'.repeat(70_000) }
  await expect(client.octokit.rest.issues.createComment(issue)).rejects.toMatchObject({
    kind: 'bug',
    message: expect.stringContaining('(status 422): Validation Failed'),
  })
})

test('a request whose permission is not written down is not sent', async () => {
  await using github = await openPullRequest()
  const { octokit } = await openClient({ ...where, apiUrl: github.url }, hurriedClock())
  await expect(octokit.rest.repos.delete({ owner: 'acme', repo: 'platform' })).rejects.toThrow('no permission is known')
  expect(github.requests).toEqual([])
})

type Asks = {
  fault?: { status: number; times?: number; message?: string; headers?: Record<string, string> }
  token?: string
}

/** Reads the pull request, with a token that may do so much. */
const reads =
  ({ fault, token = 'job-token' }: Asks = {}, permissions: object = { 'pull-requests': 'read' }, hidden = false) =>
  async () => {
    await using github = await openPullRequest({ hidden })
    github.world.tokens.set('given', { login: 'github-actions[bot]', permissions: { ...permissions } })
    const { octokit } = await openClient({ ...where, token, apiUrl: github.url }, hurriedClock())
    if (fault !== undefined) github.faults.push({ request: /pulls/, ...fault })
    await octokit.rest.pulls.get(read)
  }
const usedUp = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(hurriedClock().now() / 1000 + 3600) }
const issues = (fault: boolean) => async () => {
  await using github = await openPullRequest()
  const { octokit } = await openClient({ ...where, apiUrl: github.url }, hurriedClock())
  if (fault)
    github.faults.push({ request: /issues/, status: 410, message: 'Issues has been disabled in this repository.' })
  await octokit.rest.issues.listForRepo({ owner: 'acme', repo: 'platform' })
}

tries('cloud', [
  ['Look at githubstatus.com, and run again.', reads({ fault: { status: 503, times: 3 } }), reads()],
  [
    'Run again after that time, or give github-token the token of an app of your own: each has its own limit.',
    reads({ fault: { status: 403, headers: usedUp } }),
    reads(),
    reads({ token: 'given' }),
  ],
])

tries('input', [
  [
    'Leave github-token out to use the token of the job, or give one that has not ended.',
    reads({ token: 'expired' }),
    reads({ token: 'job-token' }),
    reads({ token: 'given' }),
  ],
])

tries('preflight', [
  [
    'Add "…" to the permissions of the job….',
    reads({ token: 'given' }, {}, true),
    reads({ token: 'given' }, { 'pull-requests': 'read' }, true),
  ],
  ['Switch issues on in the settings of the repository, or leave failure-issue out.', issues(true), issues(false)],
])
