import { describe, expect, test } from '@jest/globals'
import type { Distribution, WantedCluster } from '../../src/kubernetes/distribution.ts'
import type { Hosts } from '../../src/remote/host.ts'
import type { Step } from '../../src/steps.ts'

/** A distribution, and nodes (real or scripted) in the situations the contract speaks of. */
export type Situation = {
  distribution: Distribution
  wanted: WantedCluster
  /** Nodes nothing was ever done to. */
  bare(): Promise<Hosts>
  /** Nodes of a finished, healthy stack that was asked for as `wanted`. */
  healthy(): Promise<Hosts>
  /** Bare nodes of which this one does not answer. */
  bareWithout(name: string): Promise<Hosts>
}

/** What every distribution must do, whatever it is made of. Call it once from a test file for each. */
export function describeDistribution(name: string, situation: () => Promise<Situation>): void {
  describe(`${name} as a distribution`, () => {
    test('bare nodes: no cluster, nothing forbidden, a plan', async () => {
      const { distribution, wanted, bare } = await situation()
      const facts = await distribution.inspect(await bare())
      expect(facts).toMatchObject({
        state: 'none',
        uid: undefined,
        version: undefined,
        nodes: [],
        etcd: [],
        asked: undefined,
      })
      expect(distribution.refuse(facts, wanted)).toEqual([])
      expect(distribution.plan(facts, wanted).length).toBeGreaterThan(0)
    })

    test('a healthy stack: running, its identity, every member asked, nothing forbidden, an empty plan', async () => {
      const { distribution, wanted, healthy } = await situation()
      const facts = await distribution.inspect(await healthy())
      const names = wanted.nodes.map((node) => node.name)
      expect(facts).toMatchObject({ state: 'running', distribution: distribution.name })
      expect(facts.uid).toMatch(/./)
      expect(facts.nodes.filter(({ ready }) => ready).map((node) => node.name)).toEqual(names)
      expect(facts.etcd.filter(({ healthy }) => healthy).map(({ node }) => node)).toEqual(names)
      expect(facts.etcd.filter(({ leader }) => leader)).toHaveLength(1)
      expect(distribution.refuse(facts, wanted)).toEqual([])
      expect(distribution.plan(facts, wanted)).toEqual([])
    })

    test('facts are plain data: what was sent to another process plans the same', async () => {
      const { distribution, wanted, healthy, bare } = await situation()
      for (const hosts of [await healthy(), await bare()]) {
        const facts = await distribution.inspect(hosts)
        expect(distribution.plan(structuredClone(facts), wanted)).toEqual(distribution.plan(facts, wanted))
      }
    })

    test('a plan is well formed: unique ids, needs that come before, deadlines, changes of plain data', async () => {
      const { distribution, wanted, bare } = await situation()
      const steps = distribution.plan(await distribution.inspect(await bare()), wanted)
      expectWellFormed(steps)
    })

    test('the memory of a cluster, and none there, is refused', async () => {
      const { distribution, wanted, bare } = await situation()
      const facts = await distribution.inspect(await bare())
      expect(distribution.refuse(facts, { ...wanted, rememberedUid: 'was-here' })).not.toEqual([])
      expect(distribution.refuse(facts, { ...wanted, rememberedUid: 'was-here', newCluster: true })).toEqual([])
    })

    test('a wanted node that does not answer is refused by its name', async () => {
      const { distribution, wanted, bareWithout } = await situation()
      const lost = wanted.nodes.at(-1)?.name ?? ''
      const refusals = distribution.refuse(await distribution.inspect(await bareWithout(lost)), wanted)
      expect(refusals.map(({ subject }) => subject)).toContain(lost)
    })

    test('another host name on a live stack is refused', async () => {
      const { distribution, wanted, healthy } = await situation()
      const facts = await distribution.inspect(await healthy())
      const refusals = distribution.refuse(facts, { ...wanted, hostname: `other.${wanted.hostname}` })
      expect(refusals.map(({ subject }) => subject)).toEqual(['hostname'])
    })
  })
}

function expectWellFormed(steps: Step[]): void {
  const seen = new Set<string>()
  for (const { id, title, deadlineMs, needs, change } of steps) {
    expect(seen).not.toContain(id)
    for (const need of needs) expect(seen).toContain(need)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(deadlineMs).toBeGreaterThan(0)
    expect(change.room).toBe('kubernetes')
    expect(JSON.parse(JSON.stringify(change))).toEqual(change)
    seen.add(id)
  }
}
