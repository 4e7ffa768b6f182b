import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { occasionOf, pullRequestNumber, readOccasion } from '../../../src/github/occasion.ts'
import { overtakenBy } from '../../../src/github/still-wanted.ts'

const pull = (head: unknown) => ({
  action: 'opened',
  pull_request: { number: 7, head, base: { repo: { full_name: 'acme/platform' } } },
})

test.each([
  ['a branch of this repository', { sha: 's', repo: { full_name: 'acme/platform' } }, false],
  ['a fork', { sha: 's', repo: { full_name: 'stranger/platform' } }, true],
  ['a fork that is gone', { sha: 's', repo: null }, true],
])('%s', (_, head, fork) => {
  expect(occasionOf({}, pull(head)).pullRequest?.fork).toBe(fork)
})

test.each([[{}], [null], ['x'], [{ pull_request: null }], [{ pull_request: { number: '7' } }]])(
  'the event %j has no pull request',
  (event) => {
    expect(occasionOf({}, event).pullRequest).toBeUndefined()
  },
)

test('the run is told by its attempt', () => {
  const env = { GITHUB_REPOSITORY: 'a/b', GITHUB_SERVER_URL: 'https://github.com', GITHUB_RUN_ID: '9' }
  expect(occasionOf(env, {}).runUrl).toBe('https://github.com/a/b/actions/runs/9/attempts/1')
  expect(occasionOf({ ...env, GITHUB_RUN_ATTEMPT: '3' }, {}).runUrl).toMatch(/\/3$/)
})

test('a file that is not there or cannot be read is an event without a pull request', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'event-'))
  const file = join(folder, 'event.json')
  expect((await readOccasion({ GITHUB_EVENT_PATH: file })).pullRequest).toBeUndefined()
  await writeFile(file, '{')
  expect((await readOccasion({ GITHUB_EVENT_PATH: file })).pullRequest).toBeUndefined()
  await writeFile(file, JSON.stringify(pull({ sha: 's', repo: { full_name: 'x/y' } })))
  expect((await readOccasion({ GITHUB_EVENT_PATH: file })).pullRequest?.headRepository).toBe('x/y')
  await rm(folder, { recursive: true })
})

test('without an event, the name of a preview tells its pull request', () => {
  const none = { pullRequest: undefined }
  expect(['pr-12', 'pr-0', 'pr-1x', 'rancher'].map((name) => pullRequestNumber(none, name))).toEqual([
    ...[12, undefined, undefined, undefined],
  ])
  expect(pullRequestNumber(occasionOf({}, pull({})), 'pr-12')).toBe(7)
})

test.each([
  ['install', 'opened', 'closed', true],
  ['install', 'opened', 'open', false],
  ['upgrade', 'synchronize', 'closed', true],
  ['restore', 'opened', 'closed', true],
  ['install', 'closed', 'open', false],
  ['destroy', 'closed', 'open', true],
  ['destroy', 'closed', 'closed', false],
  ['destroy', 'labeled', 'open', false],
  ['status', 'opened', 'closed', false],
] as const)('%s after %s of a pull request that is %s now: overtaken is %s', (mode, action, state, isOvertaken) => {
  const of = { number: 7, action, headSha: '', headRepository: '', fork: false }
  expect(overtakenBy(mode, of, state) !== undefined).toBe(isOvertaken)
})
