import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Client } from '../../../src/github/client.ts'
import { occasionOf, pullRequestNumber, readOccasion } from '../../../src/github/occasion.ts'
import { overtaken, overtakenBy } from '../../../src/github/still-wanted.ts'

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

test('all that an event tells of its pull request', () => {
  const env = {
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_REPOSITORY: 'acme/platform',
    GITHUB_SHA: 'abc',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_RUN_ID: '9',
    GITHUB_RUN_ATTEMPT: '',
  }
  expect(occasionOf(env, pull({ sha: 's', repo: { full_name: 'stranger/platform' } }))).toEqual({
    event: 'pull_request',
    owner: 'acme',
    repo: 'platform',
    sha: 'abc',
    runUrl: 'https://github.com/acme/platform/actions/runs/9/attempts/1',
    pullRequest: {
      number: 7,
      action: 'opened',
      headSha: 's',
      headRepository: 'stranger/platform',
      fork: true,
    },
  })
})

test('what is not told is empty', () => {
  const event = { pull_request: { number: 7, head: 'x', base: null } }
  expect(occasionOf({}, event)).toEqual({
    event: '',
    owner: '',
    repo: '',
    sha: '',
    runUrl: '///actions/runs//attempts/1',
    pullRequest: { number: 7, action: '', headSha: '', headRepository: '', fork: false },
  })
})

test('outside of GitHub there is no event', async () => {
  expect(await readOccasion({})).toEqual(occasionOf({}, {}))
})

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
  expect(['pr-12', 'pr-7', 'pr-0', 'pr-1x', 'xpr-1', 'rancher'].map((name) => pullRequestNumber(none, name))).toEqual([
    12,
    7,
    undefined,
    undefined,
    undefined,
    undefined,
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

test('it is asked of GitHub how the pull request stands now, and told why nothing is done', async () => {
  const asked: unknown[] = []
  const get = async (of: unknown) => {
    asked.push(of)
    return { data: { state: 'closed' } }
  }
  const client = { octokit: { rest: { pulls: { get } } }, owner: 'acme', repo: 'platform' } as unknown as Client
  const of = { number: 7, action: 'opened', headSha: '', headRepository: '', fork: false }
  expect(await overtaken(client, 'install', of)).toBe('Pull request 7 was closed meanwhile: nothing is made for it.')
  expect(asked).toEqual([{ owner: 'acme', repo: 'platform', pull_number: 7 }])
  expect(overtakenBy('destroy', { ...of, action: 'closed' }, 'open')).toBe(
    'Pull request 7 was opened again meanwhile: its stack stays.',
  )
})
