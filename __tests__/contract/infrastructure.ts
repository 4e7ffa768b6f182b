import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type {
  Infrastructure,
  InfrastructureFacts,
  WantedInfrastructure,
} from '../../src/infrastructure/infrastructure.ts'
import type { Lease } from '../../src/remote/lease.ts'
import { checkPlan, readySteps } from '../../src/schedule.ts'
import { planDigest, type Step } from '../../src/steps.ts'

/** A place for one stack, with nothing of it there. Disposing leaves the place as it was. */
export interface InfrastructureFixture extends AsyncDisposable {
  /** The provider as a new run would open it. */
  open(): Infrastructure | Promise<Infrastructure>
  readonly wanted: WantedInfrastructure
  /** The addresses of the load balancer where what the provider knows of it is a name. */
  resolve?(name: string): Promise<string[]>
  /** Everything that is there, ours and others', seen by another eye than the provider's. */
  world(): Promise<string[]>
  /** What a provider that makes machines must also show; absent for one that only finds them. */
  readonly makes?: {
    /** Puts things beside the stack that resemble it: another stack of the owner, names that start alike. */
    addLookAlikes(): Promise<void>
    /** A run that is killed at its n-th moment, n from 1; `happened` says whether it got that far. */
    kill(moment: number): { signal: AbortSignal; happened(): boolean }
  }
}

/** What every provider promises, whatever it is made of. */
export function describeInfrastructure(name: string, makeFixture: () => Promise<InfrastructureFixture>): void {
  describe(`infrastructure ${name}`, () => {
    let fixture: InfrastructureFixture
    beforeEach(async () => {
      fixture = await makeFixture()
    })
    afterEach(async () => {
      await fixture[Symbol.asyncDispose]()
    })

    test('brings what is wanted, then plans nothing more, and says what stands', async () => {
      const infrastructure = await fixture.open()
      const first = infrastructure.plan(await infrastructure.inspect(), fixture.wanted)
      expect(first.length > 0).toBe(fixture.makes !== undefined)
      await carryOut(infrastructure, first)

      const later = await fixture.open()
      const facts = await later.inspect()
      expect(titles(later.plan(facts, fixture.wanted))).toEqual([])
      await expectDocumented(facts, fixture)
    })

    test('looking changes nothing', async () => {
      const infrastructure = await fixture.open()
      const empty = await fixture.world()
      await infrastructure.inspect()
      expect(await fixture.world()).toEqual(empty)
      await converge(fixture)
      const standing = await fixture.world()
      await infrastructure.inspect()
      expect(await fixture.world()).toEqual(standing)
    })

    test('a plan is a function of facts that are plain data', async () => {
      const infrastructure = await fixture.open()
      const facts = await infrastructure.inspect()
      const plan = infrastructure.plan(facts, fixture.wanted)
      const copy: InfrastructureFacts = structuredClone(facts)
      expect(planDigest(infrastructure.plan(copy, fixture.wanted))).toBe(planDigest(plan))
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
      expect(facts).toEqual(copy)
    })

    test('destroy leaves nothing of ours, and a second one plans nothing', async () => {
      const before = await fixture.world()
      await converge(fixture)
      await tearDown(fixture)
      const infrastructure = await fixture.open()
      const facts = await infrastructure.inspect()
      expect(facts.owned).toEqual([])
      expect(titles(infrastructure.planDestroy(facts))).toEqual([])
      expect(await fixture.world()).toEqual(before)
    })

    test('private keys are files only their owner can read', async () => {
      await converge(fixture)
      const folder = await mkdtemp(join(tmpdir(), 'access-'))
      try {
        const { keyFiles } = await (await fixture.open()).access(folder)
        expect(keyFiles.length).toBeGreaterThan(0)
        for (const file of keyFiles) {
          expect(file.startsWith(folder)).toBe(true)
          expect((await stat(file)).mode & 0o777).toBe(0o600)
        }
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    test('a change does not begin once the run was stopped', async () => {
      const infrastructure = await fixture.open()
      const before = await fixture.world()
      for (const step of infrastructure.plan(await infrastructure.inspect(), fixture.wanted)) {
        const stopped = AbortSignal.abort(new Error('stopped'))
        await expect(infrastructure.apply(step.change, noLease, stopped)).rejects.toThrow('stopped')
      }
      expect(await fixture.world()).toEqual(before)
    })

    test('a claim can be taken again once it was given back', async () => {
      const infrastructure = await fixture.open()
      for (const _ of [1, 2]) {
        await using claim = await infrastructure.claim(0)
        expect(claim.generation).toBe(0)
        expect(claim.lost.aborted).toBe(false)
      }
    })
  })
}

/** Further promises of a provider that makes machines. */
export function describeMaking(name: string, makeFixture: () => Promise<InfrastructureFixture>): void {
  describe(`infrastructure ${name}, which makes machines`, () => {
    test('a run killed at any moment is finished by the next, and so is its destruction', async () => {
      for (let moment = 1, happened = true; happened; moment++) {
        await using fixture = await makeFixture()
        const before = await fixture.world()
        const killedMaking = await killed(fixture, moment, 'plan')
        const killedRemoving = await killed(fixture, moment, 'planDestroy')
        happened = killedMaking || killedRemoving
        await converge(fixture)
        await tearDown(fixture)
        expect({ moment, world: await fixture.world() }).toEqual({ moment, world: before })
      }
    })

    test('each change can be carried out twice', async () => {
      await using fixture = await makeFixture()
      const before = await fixture.world()
      const infrastructure = await fixture.open()
      const twice = async (plan: Step[]) => carryOut(infrastructure, plan).then(() => carryOut(infrastructure, plan))
      await twice(infrastructure.plan(await infrastructure.inspect(), fixture.wanted))
      const facts = await infrastructure.inspect()
      expect(titles(infrastructure.plan(facts, fixture.wanted))).toEqual([])
      await twice(infrastructure.planDestroy(facts))
      expect(await fixture.world()).toEqual(before)
    })

    test('what only resembles the stack is neither counted nor touched', async () => {
      await using fixture = await makeFixture()
      await fixture.makes?.addLookAlikes()
      const before = await fixture.world()
      const infrastructure = await fixture.open()
      expect((await infrastructure.inspect()).owned).toEqual([])
      await converge(fixture)
      await tearDown(fixture)
      expect(await fixture.world()).toEqual(before)
    })

    test('it remembers the cluster outside the nodes, until it is destroyed', async () => {
      await using fixture = await makeFixture()
      const infrastructure = await fixture.open()
      expect((await infrastructure.inspect()).memory).toEqual({ clusterUid: undefined, hostname: undefined })
      await converge(fixture)
      const memory = { clusterUid: 'a-uid', hostname: fixture.wanted.hostname }
      await infrastructure.remember(memory, noLease)
      expect((await (await fixture.open()).inspect()).memory).toEqual(memory)
      await tearDown(fixture)
      expect((await infrastructure.inspect()).memory.clusterUid).toBeUndefined()
    })

    test('of two first runs one has the claim, and the other is told whose it is', async () => {
      await using fixture = await makeFixture()
      const [first, second] = [await fixture.open(), await fixture.open()]
      await using claim = await first.claim(0)
      await expect(second.claim(0)).rejects.toMatchObject({
        kind: 'lease',
        message: expect.stringContaining(claim.holder),
      })
      await expect(second.claim(300)).rejects.toMatchObject({ kind: 'lease' })
    })
  })
}

const noLease: Lease = {
  holder: 'test/1',
  generation: 0,
  lost: new AbortController().signal,
  async [Symbol.asyncDispose]() {},
}

async function expectDocumented(facts: InfrastructureFacts, fixture: InfrastructureFixture): Promise<void> {
  const { nodes, loadBalancer, name, refusals } = facts
  const { wanted, makes } = fixture
  const address = loadBalancer?.address ?? ''
  expect(refusals).toEqual([])
  expect(nodes).toHaveLength(wanted.nodeCount)
  expect(new Set(nodes.map((node) => node.name)).size).toBe(wanted.nodeCount)
  expect(new Set(nodes.map((node) => node.privateAddress)).size).toBe(wanted.nodeCount)
  for (const node of nodes) expect(node.state).toBe('running')
  expect(loadBalancer?.serving).toBe(true)
  expect(name).toEqual({ hostname: wanted.hostname, addresses: (await fixture.resolve?.(address)) ?? [address] })
  if (makes === undefined) return
  expect(nodes.map((node) => node.name)).toEqual(nodes.map((_, index) => `node-${index + 1}`))
  expect(loadBalancer?.targets).toEqual(nodes.map((node) => node.privateAddress))
  for (const node of nodes) expect(node.hostKeys).toEqual([expect.stringMatching(/^ssh-ed25519 [A-Za-z0-9+/=]+$/)])
  expect(new Set(nodes.flatMap((node) => node.hostKeys)).size).toBe(wanted.nodeCount)
  expect(facts.owned.length).toBeGreaterThan(0)
}

/** Brings what is wanted, and makes sure that nothing is left to plan. */
async function converge(fixture: InfrastructureFixture): Promise<void> {
  const infrastructure = await fixture.open()
  await carryOut(infrastructure, infrastructure.plan(await infrastructure.inspect(), fixture.wanted))
  const facts = await infrastructure.inspect()
  expect(titles(infrastructure.plan(facts, fixture.wanted))).toEqual([])
  expect(facts.refusals).toEqual([])
}

async function tearDown(fixture: InfrastructureFixture): Promise<void> {
  const infrastructure = await fixture.open()
  await carryOut(infrastructure, infrastructure.planDestroy(await infrastructure.inspect()))
}

/** Whether the run was killed before its plan was done. */
async function killed(fixture: InfrastructureFixture, moment: number, which: 'plan' | 'planDestroy'): Promise<boolean> {
  if (fixture.makes === undefined) return false
  if (which === 'planDestroy') await converge(fixture)
  const infrastructure = await fixture.open()
  const facts = await infrastructure.inspect()
  const plan = which === 'plan' ? infrastructure.plan(facts, fixture.wanted) : infrastructure.planDestroy(facts)
  const { signal, happened } = fixture.makes.kill(moment)
  const failure: unknown = await carryOut(infrastructure, plan, signal).then(
    () => undefined,
    (thrown) => thrown,
  )
  const wasKilled = happened()
  if (!wasKilled) expect(failure).toBeUndefined()
  return wasKilled
}

/** As the house runs a plan: steps that need nothing of each other together. */
export async function carryOut(
  infrastructure: Infrastructure,
  plan: Step[],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  checkPlan(plan)
  const done = new Set<string>()
  while (done.size < plan.length) {
    const ready = readySteps(plan, done, new Set<string>())
    const results = await Promise.allSettled(
      ready.map(async (step) => {
        await infrastructure.apply(step.change, noLease, signal)
        done.add(step.id)
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}

function titles(plan: Step[]): string[] {
  return plan.map(({ title }) => title)
}
