import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { type Account, type Asked, HOSTNAME, openAccount, openMoto } from './fixture.ts'
import { runAll } from './run-all.ts'

const WANTED = { nodeCount: 1, hostname: HOSTNAME }
const soon = () => AbortSignal.timeout(5_000)

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
  await runAll(await open('first'), WANTED)
})

const asked = (session: string, more: Asked = {}): Asked => ({
  asked: { hostname: HOSTNAME, nodeCount: 1 },
  ...more,
  options: { session, ...more.options },
})
const open = (session: string, more: Asked = {}) => account.open(asked(session, more))

/** Ranges that may reach port 22 of the nodes. */
async function admitted(): Promise<string[]> {
  const nodes = (await moto.groups()).find(({ name }) => name.endsWith('-nodes'))
  return nodes?.rules.flatMap(({ from, cidr }) => (from === 22 && cidr !== null ? [cidr] : [])) ?? []
}

test('after a run no rule admits the runner', async () => {
  expect(await admitted()).toEqual([])
  const infrastructure = await open('run')
  await infrastructure.door?.open(soon())
  expect(await admitted()).toEqual(['192.0.2.7/32'])
  await infrastructure.door?.close()
  expect(await admitted()).toEqual([])
})

test('the address of the runner is asked for when it is not said', async () => {
  const infrastructure = await open('run', { provider: { runnerCidrs: 'auto' } })
  await infrastructure.door?.open(soon())
  expect(await admitted()).toEqual(['192.0.2.7/32'])
  await infrastructure.door?.close()
})

test('two runs from one address do not close each other’s door', async () => {
  const [one, two] = [await open('one-one-one'), await open('two-two-two')]
  await Promise.all([one.door?.open(soon()), two.door?.open(soon())])
  await one.door?.close()
  expect(await admitted()).toEqual(['192.0.2.7/32'])
  await two.door?.close()
  expect(await admitted()).toEqual([])
})

test('two runs that close at once leave no door', async () => {
  const [one, two] = [await open('one-one-one'), await open('two-two-two')]
  await Promise.all([one.door?.open(soon()), two.door?.open(soon())])
  await Promise.all([one.door?.close(), two.door?.close()])
  expect(await admitted()).toEqual([])
})

test('post closes the door of a run that was killed, and leaves another’s', async () => {
  const [killed, other] = [await open('killed-run'), await open('other-run')]
  await Promise.all([killed.door?.open(soon()), other.door?.open(soon())])
  await (await open('killed-run')).letGo?.()
  expect(await admitted()).toEqual(['192.0.2.7/32'])
  expect(await (await open('other-run')).letGo?.()).toBe('closed 1 rules of the door')
  expect(await admitted()).toEqual([])
})

test('post gives back the claim of a run that was killed, and no other’s', async () => {
  const held = await (await open('killed-run')).claim(0)
  expect(held.generation).toBe(0)
  expect(await (await open('other', { run: { id: '42', attempt: 1 } })).letGo?.()).toBeUndefined()
  expect(await (await open('killed-run')).letGo?.()).toBe('gave back the claim on the stack')
  await using _free = await (await open('other', { run: { id: '42', attempt: 1 } })).claim(0)
})

test('a claim that was not renewed for five minutes is taken over, as is that of an earlier attempt', async () => {
  const minutes = (count: number) => ({ now: () => new Date(Date.now() + count * 60_000) })
  await (await open('dead')).claim(0)
  const other = { run: { id: '42', attempt: 1 } }
  await expect((await open('early', { ...other, options: minutes(4) })).claim(0)).rejects.toMatchObject({
    kind: 'lease',
  })
  await (await open('late', { ...other, options: minutes(6) })).claim(0)
  await using _third = await (await open('again', { run: { id: '42', attempt: 2 } })).claim(0)
})

test('a plan neither sees an open door nor closes it', async () => {
  const [one, two] = [await open('one-one-one'), await open('two-two-two')]
  await one.door?.open(soon())
  expect(two.plan(await two.inspect(), WANTED)).toEqual([])
  await one.door?.close()
})

test('a balancer that faces the internet admits the runner for the length of the run', async () => {
  const facing: Asked = { provider: { loadBalancerScheme: 'internet-facing', allowedCidrs: ['203.0.113.0/24'] } }
  const fresh = { ...facing, stack: { name: 'open', owner: '4711', ownerName: 'acme/cattle' } }
  const infrastructure = await open('run', { ...fresh, asked: { hostname: 'open.example.test', nodeCount: 1 } })
  await runAll(infrastructure, { nodeCount: 1, hostname: 'open.example.test' })
  const ranges = async () => {
    const group = (await moto.groups()).find(({ name }) => /-open-.*-balancer$/.test(name))
    return group?.rules.flatMap(({ from, cidr }) => (from === 443 && cidr !== null ? [cidr] : []))
  }
  expect(await ranges()).toEqual(['203.0.113.0/24'])
  await infrastructure.door?.open(soon())
  expect(await ranges()).toEqual(['203.0.113.0/24', '192.0.2.7/32'])
  await infrastructure.door?.close()
  expect(await ranges()).toEqual(['203.0.113.0/24'])
})
