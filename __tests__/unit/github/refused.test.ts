import { describe, expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import { type Answer, answerOf, isOutage, limitedForMs, refusedBy } from '../../../src/github/refused.ts'
import { standingAfter } from '../../../src/github/told.ts'

const NOW = Date.parse('2026-01-01T12:00:00.500Z')
const answer = (status: number, message = 'No', headers: Answer['headers'] = {}): Answer => ({
  status,
  message,
  headers,
})

describe('what was answered', () => {
  const thrown = (text: string, more: object) => Object.assign(new Error(text), more)

  test('status, words and headers, without the page of the documentation', () => {
    const response = { headers: { 'x-a': 1 }, data: { message: 'Not Found' } }
    const text = 'Not Found - https://docs.github.com/rest/pulls'
    expect(answerOf(thrown(text, { status: 404, response }))).toEqual({
      status: 404,
      message: 'Not Found',
      headers: { 'x-a': '1' },
    })
  })

  test.each<[string, string, unknown, string]>([
    ['the longer words of octokit', 'Validation Failed: "x"', 'Validation Failed', 'Validation Failed: "x"'],
    ['the words of GitHub, where octokit says something else', 'HttpError', 'Bad credentials', 'Bad credentials'],
    ['the words of octokit, where GitHub says nothing', 'HttpError. ', undefined, 'HttpError'],
    ['no dot or blank at the end', 'x', 'Gone. ', 'Gone'],
    ['an address within the words stays', 'x', 'See - https://a.b for more', 'See - https://a.b for more'],
  ])('%s', (_name, text, message, told) => {
    expect(answerOf(thrown(text, { status: 422, response: { data: { message } } })).message).toBe(told)
  })

  test('what is no answer of GitHub has status 0', () => {
    const none = { status: 0, headers: {} }
    expect(answerOf('cut')).toEqual({ ...none, message: 'cut' })
    expect(answerOf(new Error('cut'))).toEqual({ ...none, message: 'cut' })
    expect(answerOf(thrown('cut', { status: 500 }))).toEqual({ ...none, message: 'cut' })
    expect(answerOf(thrown('cut', { response: {} }))).toEqual({ ...none, message: 'cut' })
    expect(answerOf(thrown('cut', { status: 500, response: undefined }))).toEqual({ ...none, message: 'cut' })
    expect(answerOf({ status: 500, response: {} })).toMatchObject(none)
  })
})

const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 30) }
test.each<[string, Answer, number | undefined]>([
  ['a limit without a word of when', answer(429), 60_000],
  ['a limit that says how long', answer(429, 'No', { ...spent, 'retry-after': '7' }), 7000],
  ['a limit that is used up until a time', answer(403, 'No', spent), 30_000],
  ['a limit that has ended meanwhile', answer(403, 'No', { ...spent, 'x-ratelimit-reset': '1' }), 0],
  ['a limit that is used up until nobody knows', answer(403, 'No', { 'x-ratelimit-remaining': '0' }), 60_000],
  ['a limit that is not used up', answer(429, 'No', { ...spent, 'x-ratelimit-remaining': '1' }), 60_000],
  ['a limit by its words', answer(403, 'You have exceeded a secondary Rate Limit'), 60_000],
  ['no limit, but a refusal', answer(403, 'Resource not accessible'), undefined],
  ['no limit, but nothing found', answer(404, 'rate limit', spent), undefined],
])('%s', (_name, given, ms) => {
  expect(limitedForMs(given, NOW)).toBe(ms)
})

test('an outage is no answer, or one of a broken server', () => {
  expect([0, 500, 502].map((status) => isOutage(answer(status)))).toEqual([true, true, true])
  expect([1, 404, 499].map((status) => isOutage(answer(status)))).toEqual([false, false, false])
})

describe('what a person is told', () => {
  const ROUTE = { doing: 'write the comment', permission: 'pull-requests: write', repeatable: false }
  const told = (given: Answer) => refusedBy(given, ROUTE, NOW)

  test.each<[Answer, object]>([
    [
      answer(429),
      {
        kind: 'cloud',
        message: "GitHub's limit of requests is used up until 2026-01-01T12:01:00Z; it did not write the comment.",
        retry: true,
      },
    ],
    [
      answer(502),
      {
        kind: 'cloud',
        message: 'GitHub did not answer when asked to write the comment: status 502.',
        next: 'Look at githubstatus.com, and run again.',
        retry: true,
      },
    ],
    [answer(0, 'cut'), { message: 'GitHub did not answer when asked to write the comment: cut.' }],
    [answer(401, 'Bad credentials'), { kind: 'input', message: expect.stringContaining('Bad credentials.') }],
    [
      answer(403),
      {
        kind: 'preflight',
        message: 'GitHub refused to write the comment: No.',
        next: 'Add "pull-requests: write" to the permissions of the job.',
      },
    ],
    [
      answer(404),
      {
        kind: 'preflight',
        message: 'GitHub shows this token nothing when asked to write the comment: No.',
        next: 'Add "pull-requests: write" to the permissions of the job, and look whether it still exists.',
      },
    ],
    [answer(410), { kind: 'preflight', next: expect.stringContaining('Switch issues on') }],
    [
      answer(422),
      { kind: 'bug', message: 'GitHub does not accept the request to write the comment (status 422): No.' },
    ],
  ])('%j', (given, expected) => {
    expect(told(given)).toMatchObject(expected)
    expect(told(given).next).toMatch(/\w/)
  })

  test('what was answered stays the cause of a refusal', () => {
    expect(told(answer(403)).cause).toEqual(answer(403))
  })

  test.each<[string | undefined, string]>([
    [undefined, 'pull-requests: write'],
    ['', 'pull-requests: write'],
    ['issues=write; pull_requests=write', 'pull-requests: write'],
    ['issues=write', 'issues: write'],
    [' ;pull_request_reviews=read ; issues=write', 'pull-request-reviews: read'],
  ])('of the permissions GitHub would take the one of the docs, else the first: %j', (accepted, permission) => {
    const { next } = told(answer(403, 'No', { 'x-accepted-github-permissions': accepted }))
    expect(next).toBe(`Add "${permission}" to the permissions of the job.`)
  })
})

test('the standing a run ends in', () => {
  const error = new StackError('bug', 'x')
  expect(standingAfter('destroy', true, { error })).toBe('failed')
  expect(standingAfter('destroy', true, { error: undefined })).toBe('planned')
  expect(standingAfter('destroy', false, { error: undefined })).toBe('gone')
  expect(standingAfter('install', false, { error: undefined })).toBe('ready')
})
