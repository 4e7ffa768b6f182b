import { expect, test } from '@jest/globals'
import { conformance } from '../../../src/conformance/conformance.ts'
import { asStackError } from '../../../src/errors.ts'
import type { ClusterFacts, EtcdMember } from '../../../src/kubernetes/distribution.ts'
import { askStack, lossesLeft, proveStack, throwBroken } from '../../../src/modes/prove.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import { seenStack, upgradeWorld } from './upgrade-world.ts'

const member = (node: string, healthy: boolean): EtcdMember => ({
  node,
  healthy,
  leader: false,
  revision: healthy ? 7 : undefined,
  knows: [],
  problem: healthy ? undefined : 'no answer',
})

function seen(health: boolean[], state: ClusterFacts['state'] = 'running'): Seen {
  return {
    infrastructure: {
      nodes: health.map((_, index) => ({
        name: `node-${index + 1}`,
        address: '10.0.0.1',
        port: 22,
        privateAddress: '10.0.0.1',
        user: 'u',
        state: 'running',
        hostKeys: [],
      })),
      loadBalancer: undefined,
      name: { hostname: 'h', addresses: [] },
      memory: { clusterUid: undefined, hostname: undefined },
      refusals: [],
      owned: [],
    },
    cluster: {
      state,
      distribution: 'rke',
      uid: 'u',
      version: 'v1.32.6-rancher1-1',
      nodes: [],
      etcd: health.map((ok, index) => member(`node-${index + 1}`, ok)),
      certificates: [],
      asked: undefined,
      own: undefined,
    },
    rancher: noRancher(new Date(0)),
  }
}

test.each([
  [[true, true, true], '1 more node may be lost.'],
  [[true, true, false], 'No further node may be lost.'],
  [[true, false, false], 'etcd has lost its quorum.'],
  [[true, true, true, true, true], '2 more nodes may be lost.'],
  [[], 'There is no etcd member.'],
])('with members %j: %s', (health, sentence) => {
  expect(lossesLeft(seen(health))).toBe(sentence)
})

const row = (id: string, ok: boolean) => ({ id, sentence: `sentence ${id}`, ok, evidence: `evidence ${id}` })

function thrownBy(rows: ReturnType<typeof row>[], facts: Seen, cure?: string) {
  try {
    throwBroken(rows, facts, cure)
  } catch (thrown) {
    return asStackError(thrown)
  }
  return undefined
}

test('all yes throws nothing', () => {
  expect(thrownBy([row('odd-nodes', true)], seen([true, true, true]))).toBeUndefined()
})

test('each broken sentence is named with its evidence, and what still holds is said', () => {
  const rows = [row('etcd-on-each-node', false), row('name-resolves', false), row('rancher-answers', true)]
  const error = thrownBy(rows, seen([true, true, false]))
  expect(error?.kind).toBe('kubernetes')
  expect(error?.message).toBe(
    'sentence etcd-on-each-node Seen: evidence etcd-on-each-node\nsentence name-resolves Seen: evidence name-resolves',
  )
  expect(error?.stands).toBe('Rancher still answers. No further node may be lost.')
})

test('of a cluster that does not run what cures it is told', () => {
  const error = thrownBy(
    [row('etcd-on-each-node', false)],
    seen([true, false, false], 'quorum-lost'),
    'Run mode restore.',
  )
  expect(error?.next).toBe('Run mode restore.')
  expect(error?.stands).toBe('Rancher does not answer. etcd has lost its quorum.')
})

test('a sentence that is not asked for is no row, and is not waited for', async () => {
  const { run, stack } = upgradeWorld(seenStack())
  const except = conformance({} as never)
    .map(({ id }) => id)
    .filter((id) => id !== 'odd-nodes')
  const rows = await askStack(run, stack, seenStack(), { except, rounds: 1 })
  expect(rows.map(({ id }) => id)).toEqual(['odd-nodes'])
})

/** How often the cluster was read for a proof, or for a mere question, so long after it was seen. */
async function readingsAfter(ms: number, ask: typeof proveStack | typeof askStack): Promise<number> {
  const { run, stack } = upgradeWorld(seenStack())
  let readings = 0
  const inspect = async () => {
    readings += 1
    return seenStack().cluster
  }
  const world = {
    ...stack,
    api: async () => ({}),
    distribution: { ...stack.distribution, inspect, askEtcd: async () => [] },
    rancher: { ...stack.rancher, ca: async () => undefined },
  } as unknown as Stack
  const asked = { ...run, report: { ...run.report, conformance: () => {} } } as typeof run
  const seen = seenStack()
  const readAt = new Date(run.clock.now() - ms)
  const proof = { rounds: 1, deadlineMs: 200 }
  // Nothing but etcd and Kubernetes answers here.
  await ask(asked, world, { ...seen, rancher: { ...seen.rancher, readAt } }, proof).catch(asStackError)
  return readings
}

test('what was read a moment ago is not read again for the proof, what is older is', async () => {
  expect(await readingsAfter(9_000, proveStack)).toBe(0)
  expect(await readingsAfter(11_000, proveStack)).toBe(1)
})

test('who asks several times in a row reads each time', async () => {
  expect(await readingsAfter(0, askStack)).toBe(1)
})
