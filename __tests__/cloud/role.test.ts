import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { openAws } from '../../src/infrastructure/aws/client.ts'
import { serveTokens, type TokenService } from '../fakes/tokens.ts'
import { tries } from '../unit/remedies/tries.ts'
import { openMoto, REGION } from './fixture.ts'

const ROLE = 'arn:aws:iam::123456789012:role/rancher-ha'
const MINUTE_MS = 60_000

let moto: Moto
let tokens: TokenService
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  await moto.reset()
  tokens = await serveTokens()
})
afterEach(async () => {
  jest.useRealTimers()
  await tokens[Symbol.asyncDispose]()
})

const opened = () => openAws({ region: REGION, role: ROLE, idToken: tokens.idToken }, { maxAttempts: 1 })

const TIMERS = ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] as const

/** Lets the clock of this process jump; everything else goes on as it does. */
function inMinutes(minutes: number): void {
  const now = Date.now() + minutes * MINUTE_MS
  jest.useFakeTimers({ now, doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', ...TIMERS] })
}

test('every call is made as the role, by a token for AWS alone, and the session says when it ends', async () => {
  const aws = await opened()
  const began = Date.now()
  expect((await aws.sts.getCallerIdentity()).Arn).toBe('arn:aws:sts::123456789012:assumed-role/rancher-ha/rancher-ha')
  await aws.ec2.describeInstances()
  expect(tokens.asked).toEqual(['/token?api-version=2.0&audience=sts.amazonaws.com'])
  const lasts = ((await aws.sessionEnd())?.getTime() ?? 0) - began
  expect(Math.round(lasts / MINUTE_MS)).toBe(60)
})

test('the session is renewed before it ends, and not sooner', async () => {
  const aws = await opened()
  await aws.ec2.describeInstances()
  inMinutes(50)
  await aws.ec2.describeInstances()
  expect(tokens.asked).toHaveLength(1)
  inMinutes(8)
  await aws.ec2.describeInstances()
  // The stand-in's clock has not jumped: to this process its new session is about to end as well.
  expect(tokens.asked.length).toBeGreaterThan(1)
})

tries('cloud', [
  [
    'Let the trust policy of … take the tokens of this job: docs/permissions-aws.md has one.',
    async () => {
      await moto.faults({ action: 'AssumeRoleWithWebIdentity', code: 'AccessDenied', status: 403, times: 9 })
      await (await opened()).ec2.describeInstances()
    },
    async () => {
      await moto.faults()
      await (await opened()).ec2.describeInstances()
    },
  ],
])
