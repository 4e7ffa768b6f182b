import { expect, test } from '@jest/globals'
import { type GitHub, startGitHub } from '../../../lab/standin/github/server.ts'
import { openClient } from '../../../src/github/client.ts'
import { askRuns } from '../../../src/github/run-over.ts'
import { hurriedClock } from './world.ts'

function ask(github: GitHub, token: string | undefined = 'job-token') {
  const lines: string[] = []
  const where = { token, owner: 'acme', repo: 'platform', apiUrl: github.url }
  const client = () => openClient(where, hurriedClock())
  return { lines, isOver: askRuns(token, { client, line: (text) => lines.push(text) }) }
}

test('a run has ended when GitHub says so, or when a later attempt of it has begun', async () => {
  await using github = await startGitHub()
  github.world.runs.set(41, { status: 'completed', attempt: 1 })
  github.world.runs.set(42, { status: 'in_progress', attempt: 2 })
  const { isOver, lines } = ask(github)
  expect(await isOver('41/1')).toBe(true)
  expect(await isOver('42/2')).toBe(false)
  expect(await isOver('42/1')).toBe(true)
  expect(lines).toEqual([])
})

test('of a run GitHub does not know nobody can tell', async () => {
  await using github = await startGitHub()
  const { isOver, lines } = ask(github)
  expect(await isOver('43/1')).toBeUndefined()
  expect(await isOver('local-1700000000000/1')).toBeUndefined()
  expect(github.requests).toHaveLength(1)
  expect(lines).toEqual([])
})

test('a token that may not ask is told once, with the permission it lacks', async () => {
  await using github = await startGitHub()
  github.world.tokens.set('job-token', { login: 'github-actions[bot]', permissions: {} })
  const { isOver, lines } = ask(github)
  expect([await isOver('41/1'), await isOver('42/1')]).toEqual([undefined, undefined])
  expect(lines).toEqual([expect.stringMatching(/age alone\. GitHub refused to say .*"actions: read"/)])
  expect(github.requests).toHaveLength(1)
})

test('without a token nobody is asked', async () => {
  await using github = await startGitHub()
  github.world.runs.set(41, { status: 'completed', attempt: 1 })
  const lines: string[] = []
  const isOver = askRuns(undefined, {
    client: () => Promise.reject(new Error('asked')),
    line: (text) => lines.push(text),
  })
  expect(await isOver('41/1')).toBeUndefined()
  expect(lines).toEqual([])
})
