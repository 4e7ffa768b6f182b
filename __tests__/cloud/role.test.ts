import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { openAws } from '../../src/infrastructure/aws/client.ts'
import { tries } from '../unit/remedies/tries.ts'
import { openAccount, openMoto, REGION } from './fixture.ts'

const ROLE = 'arn:aws:iam::123456789012:role/rancher-ha'
const MINUTE_MS = 60_000

let moto: Moto
let tokens: Tokens
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  await openAccount(moto)
  tokens = await serveTokens()
})
afterEach(async () => {
  jest.useRealTimers()
  await tokens[Symbol.asyncDispose]()
})

type Tokens = AsyncDisposable & { url: string; asked: string[] }

/** The runner's service for OIDC tokens: answers whoever has the token of the job, and keeps what was asked for. */
async function serveTokens(): Promise<Tokens> {
  const asked: string[] = []
  const server = createServer(({ headers, url = '' }: IncomingMessage, response) => {
    const known = headers.authorization === 'Bearer of-the-job'
    asked.push(url)
    response.writeHead(known ? 200 : 401).end(JSON.stringify(known ? { value: 'header.claims.signature' } : {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const opened = () =>
  openAws({ region: REGION, role: ROLE, idToken: { url: tokens.url, token: 'of-the-job' } }, { maxAttempts: 1 })

/** Lets the clock of this process jump; timers go on as they are. */
function inMinutes(minutes: number): void {
  jest.useFakeTimers({
    now: Date.now() + minutes * MINUTE_MS,
    doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', ...TIMERS],
  })
}
const TIMERS = ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const

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
