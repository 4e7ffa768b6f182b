import { expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import { Unwanted } from '../../../src/unwanted.ts'
import { converse, installed, nothing, openPullRequest, states } from './world.ts'

const PUSHED = 'b'.repeat(40)

test('opened: one comment and one deployment follow the run from its begin to its end', async () => {
  await using github = await openPullRequest()
  const run = converse(github)
  await run.begin(nothing)
  expect(github.world.comments.map(({ body }) => body.split('\n')[0])).toEqual([
    '### Rancher `pr-7` ⏳ is being worked on',
  ])
  expect(states(github)).toEqual(['in_progress'])
  expect(run.kept).toEqual([true])

  await run.end(installed)
  expect(github.world.comments).toHaveLength(1)
  const [comment] = github.world.comments
  for (const text of ['✅ is ready', 'https://pr-7.preview.example.org', 'bootstrap-password', '2026-01-03T12:00:00Z'])
    expect(comment?.body).toContain(text)
  expect(comment?.body).toContain('[1/1] Install Rancher')
  expect(github.world.deployments).toMatchObject([
    { environment: 'pr-7', transient: true, statuses: [{}, { environment_url: 'https://pr-7.preview.example.org' }] },
  ])
  expect({ kept: run.kept, warnings: run.warnings }).toEqual({ kept: [true, false], warnings: [] })
})

test('pushed twice quickly: still one comment, it knows the run before, and only the last deployment is active', async () => {
  await using github = await openPullRequest()
  const first = converse(github, { runId: '100' })
  await first.begin(nothing)
  github.world.pulls.set(7, { state: 'open', headSha: PUSHED })
  // As GitHub has the first commit still, though it is not the head any more.
  github.world.pulls.set(8, { state: 'open', headSha: 'a'.repeat(40) })
  const second = converse(github, { runId: '101', action: 'synchronize', sha: PUSHED })
  await first.end(installed)
  await second.begin(nothing)
  await second.end(installed)
  expect(github.world.comments).toHaveLength(1)
  expect(github.world.comments[0]?.body).toMatch(/Runs before[\s\S]*install: ready[\s\S]*runs\/100\/attempts\/1/)
  expect(states(github)).toEqual(['inactive', 'success'])
})

test('closed while it installs: the install tells its end, then destroy takes the deployment down', async () => {
  await using github = await openPullRequest()
  const install = converse(github)
  await install.begin(nothing)
  github.world.pulls.set(7, { state: 'closed', headSha: 'a'.repeat(40) })
  await install.end(installed)
  const destroy = converse(github, { mode: 'destroy', action: 'closed', runId: '101' })
  await destroy.begin(nothing)
  await destroy.end(nothing)
  expect(states(github)).toEqual(['inactive'])
  expect(github.world.comments[0]?.body).toContain('🧹 is gone')
  expect(github.world.comments[0]?.body).not.toContain('| URL |')
})

test('closed before the install holds the lease: nothing is made, and nothing is told', async () => {
  await using github = await openPullRequest()
  github.world.pulls.set(7, { state: 'closed', headSha: 'a'.repeat(40) })
  const run = converse(github)
  const unwanted = await run.begin(nothing).catch((thrown: unknown) => thrown)
  expect(unwanted).toBeInstanceOf(Unwanted)
  await run.end(nothing, unwanted as Unwanted)
  expect({ ...github.world, tokens: 0, pulls: 0, runs: 0 }).toEqual({
    ...{ comments: [], deployments: [], issues: [] },
    ...{ tokens: 0, pulls: 0, runs: 0 },
  })
  expect(run.lines).toEqual(['Pull request 7 was closed meanwhile: nothing is made for it.'])
})

test('opened again before destroy holds the lease: the stack stays', async () => {
  await using github = await openPullRequest()
  const run = converse(github, { mode: 'destroy', action: 'closed' })
  await expect(run.begin(nothing)).rejects.toThrow('Pull request 7 was opened again meanwhile: its stack stays.')
})

test('a destroy that nobody closed anything for asks no state', async () => {
  await using github = await openPullRequest()
  const run = converse(github, { mode: 'destroy', action: 'labeled' })
  await run.begin(nothing)
  await run.end(nothing)
  expect(github.world.comments[0]?.body).toContain('🧹 is gone')
})

test('killed, told by post, then swept: the deployment and the comment say so, one after the other', async () => {
  await using github = await openPullRequest()
  await converse(github).begin(nothing)
  await converse(github).abandon()
  expect(states(github)).toEqual(['error'])
  expect(github.world.comments[0]?.body).toContain('cancelled or killed')

  github.world.deployments[0]?.statuses.push({
    state: 'in_progress',
    environment_url: '',
    log_url: '',
    description: '',
  })
  const sweep = converse(github, {
    mode: 'sweep',
    event: 'schedule',
    name: 'sweep',
    github: { environment: undefined },
  })
  await sweep.gone(['pr-7', 'somebody'], 'Its time to live was over.')
  expect(states(github)).toEqual(['inactive'])
  expect(github.world.comments).toHaveLength(1)
  expect(github.world.comments[0]?.body).toMatch(/🧹 is gone\n\nIts time to live was over\./)
  expect(sweep.warnings).toEqual([])
})

test('a finished run that is abandoned all the same keeps its deployment', async () => {
  await using github = await openPullRequest()
  const run = converse(github)
  await run.begin(nothing)
  await run.end(installed)
  await converse(github, { github: { comment: false } }).abandon()
  expect(states(github)).toEqual(['success'])
})

test("a stranger's copy of our mark is not ours: it is left alone", async () => {
  await using github = await openPullRequest()
  await converse(github).end(installed)
  const body = github.world.comments.pop()?.body ?? ''
  github.world.comments.push({ id: 5, number: 7, body, login: 'mallory' })
  await converse(github).end(installed)
  expect(github.world.comments.map(({ login }) => login)).toEqual(['mallory', 'github-actions[bot]'])
  expect(github.world.comments[0]?.body).toBe(body)
})

test('the comment is found though there are more than a page of others', async () => {
  await using github = await openPullRequest()
  const chatter = Array.from({ length: 130 }, (_, id) => ({ id, number: 7, body: 'hello', login: 'octocat' }))
  github.world.comments.push(...chatter)
  await converse(github).end(installed)
  await converse(github).end(installed)
  expect(github.world.comments).toHaveLength(131)
})

test('a dry run tells its plan, and makes no deployment', async () => {
  await using github = await openPullRequest()
  const plan = { digest: 'd1', steps: [{ id: 'a', title: 'Create node-1', deadlineMs: 1, needs: [], change: CHANGE }] }
  await converse(github, { dryRun: true }).end({ ...nothing, plan })
  expect(github.world.comments[0]?.body).toMatch(/📋 has a plan[\s\S]*\+ Create node-1/)
  expect(github.world.deployments).toEqual([])
})

const CHANGE = { room: 'infrastructure', kind: 'node' } as const

test('a failed run says what failed, what stands and what to do', async () => {
  await using github = await openPullRequest()
  const error = new StackError('ssh', 'node-1 does not answer', { stands: 'Two nodes.', next: 'Start it.' })
  await converse(github).end({ ...nothing, error })
  expect(github.world.comments[0]?.body).toContain(
    '> **Failed (ssh):** node-1 does not answer\n> \n> **Standing:** Two nodes.',
  )
  expect(states(github)).toEqual(['failure'])
})

test('what cannot be told is a warning that names the permission, each once, and the run goes on', async () => {
  await using github = await openPullRequest()
  const permissions = { 'pull-requests': 'read' } as const
  github.world.tokens.set('weak', { login: 'github-actions[bot]', permissions })
  const run = converse(github, { token: 'weak' })
  await run.begin(nothing)
  expect(run.warnings).toHaveLength(2)
  expect(run.warnings[0]).toContain('GitHub refused to write the comment: Resource not accessible by integration.')
  expect(run.warnings[0]).toContain('Add "pull-requests: write" to the permissions of the job.')
  expect(run.warnings[1]).toContain('Add "deployments: read" to the permissions of the job.')
})

test('a state that cannot be asked for stops the run before anything is changed', async () => {
  await using github = await openPullRequest({ hidden: true })
  github.world.tokens.set('weak', { login: 'github-actions[bot]', permissions: {} })
  const error = await converse(github, { token: 'weak' })
    .begin(nothing)
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    kind: 'preflight',
    message: 'GitHub shows this token nothing when asked to read the pull request: Not Found.',
    next: 'Add "pull-requests: read" to the permissions of the job, and look whether it still exists.',
  })
  expect(github.world.comments).toEqual([])
})

test('nothing asked for, nothing sent', async () => {
  await using github = await openPullRequest()
  const run = converse(github, { name: 'rancher', github: { comment: false, environment: undefined } })
  await run.begin(nothing)
  await run.end(installed)
  await run.abandon()
  expect(github.requests).toEqual([])
})

test('a failed backup opens an issue, a second adds to it, the next good one closes it, and leaves others alone', async () => {
  await using github = await openPullRequest()
  const backup = (runId: string) =>
    converse(github, {
      ...{ mode: 'backup', event: 'schedule', name: 'rancher', runId },
      github: { comment: false, environment: undefined, failureIssue: true },
    })
  const error = new StackError('snapshot', 'the bucket is gone', { next: 'Make it again.' })
  github.world.issues.push({ number: 1, title: 'Other', body: 'x', state: 'open', login: 'octocat', reason: null })
  await backup('1').end(nothing)
  expect(github.world.issues).toHaveLength(1)
  await backup('2').end({ ...nothing, error })
  await backup('3').end({ ...nothing, error })
  expect(github.world.issues.map(({ title, state }) => [title, state])).toEqual([
    ['Other', 'open'],
    ['Mode backup fails for Rancher "rancher"', 'open'],
  ])
  const body = github.world.issues[1]?.body ?? ''
  expect(body).toContain('> the bucket is gone')
  expect([...body.matchAll(/runs\/\d/g)].map(String)).toEqual(['runs/3', 'runs/2'])
  await backup('4').end(nothing)
  expect(github.world.issues[1]).toMatchObject({ state: 'closed', reason: 'completed' })
  expect(github.world.comments.at(-1)?.body).toContain('runs/4')
  await backup('5').end({ ...nothing, error })
  expect(github.world.issues).toHaveLength(3)
})

test('issues that are switched off are a warning that says where to switch them on', async () => {
  await using github = await openPullRequest()
  github.faults.push({
    request: /^GET .*\/issues\?/,
    status: 410,
    message: 'Issues has been disabled in this repository.',
  })
  const run = converse(github, { mode: 'backup', github: { comment: false, failureIssue: true } })
  await run.end({ ...nothing, error: new StackError('snapshot', 'x') })
  expect(run.warnings[0]).toMatch(/Issues has been disabled[\s\S]*Switch issues on/)
})
