import { expect, test } from '@jest/globals'
import type { Upgrading } from '../../../src/kubernetes/distribution.ts'
import type { RkeFacts } from '../../../src/kubernetes/rke/facts.ts'
import { mendMachines } from '../../../src/modes/mend-machines.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import { wantUpgrade } from '../../../src/modes/want-upgrade.ts'
import type { NodeLease } from '../../../src/remote/lease.ts'
import { foundOf } from '../kubernetes/rke/world.ts'
import { tries } from '../remedies/tries.ts'
import { seenStack, upgradeWorld } from './upgrade-world.ts'

const UPGRADING: Upgrading = {
  point: { snapshot: 's', sha256: 'a', clusterUid: 'uid-1', takenAt: '2026-11-23T11:50:00Z', from: 'kept' },
  run: '1-1',
  before: undefined,
  versions: { kubernetes: undefined, rancher: undefined, certManager: undefined, etcd: undefined },
  template: undefined,
}

/** A stack of three with one node that may be down, and a record of an upgrade or none. */
function stackWith({
  down,
  upgrading,
  phase = 'done',
}: {
  down: boolean
  upgrading: boolean
  phase?: 'done' | 'pending'
}): Seen {
  const base = seenStack()
  const own = base.cluster.own as RkeFacts
  const nodes = own.nodes.map((node) => ({
    ...node,
    recordedMembers: ['node-1', 'node-2', 'node-3'],
    state: foundOf(node.name, { phase, asked: base.cluster.asked, ...(upgrading && { upgrading: UPGRADING }) }),
  }))
  const cluster = {
    nodes: base.cluster.nodes.map((node) => (node.name === 'node-3' && down ? { ...node, ready: false } : node)),
    etcd: base.cluster.etcd.map((member) =>
      member.node === 'node-3' && down ? { ...member, healthy: false } : member,
    ),
    own: { ...own, nodes: down ? nodes.slice(0, 2) : nodes },
  }
  const seen = seenStack({ cluster })
  const machines = seen.infrastructure.nodes.map((node) =>
    node.name === 'node-3' && down ? { ...node, state: 'stopped' as const } : node,
  )
  return { ...seen, infrastructure: { ...seen.infrastructure, nodes: machines } }
}

async function mend(first: Seen, after: Seen) {
  const { run, stack } = upgradeWorld(first)
  const acts: string[] = []
  let now = first
  let looks = 0
  const world = {
    ...stack,
    infrastructure: {
      plan: ({ nodes }: Seen['infrastructure']) =>
        nodes
          .filter(({ state }) => state === 'stopped')
          .map(({ name }) => ({
            id: name,
            title: name,
            deadlineMs: 1000,
            needs: [],
            change: { room: 'infrastructure', kind: 'start-node', node: name },
          })),
      apply: async ({ node }: { node: string }) => {
        acts.push(`start ${node}`)
        now = after
      },
    },
    inspect: async () => now,
  } as unknown as Stack
  // Each look is a minute: what does not settle is waited for no longer than that says.
  const clock = { now: () => (looks += 60_000), after: () => () => {} }
  const lease = { lost: new AbortController().signal, admit: async () => {} } as unknown as NodeLease
  const mended = { ...run, clock, settings: { ...run.settings, lastStart: new Date('9999-01-01') } }
  const wanted = await wantUpgrade(run, world, first)
  const seen = await mendMachines(mended as typeof run, { stack: world, wanted }, lease)
  return { acts, seen }
}

test('an upgrade that begins now starts no machine', async () => {
  const down = stackWith({ down: true, upgrading: false })
  expect(await mend(down, down)).toEqual({ acts: [], seen: down })
})

test('one that is on its way starts the machine that went away, and goes on when it is well', async () => {
  const whole = stackWith({ down: false, upgrading: true })
  expect(await mend(stackWith({ down: true, upgrading: true }), whole)).toEqual({ acts: ['start node-3'], seen: whole })
})

test('a node that does not come back is named, when Kubernetes itself is not half-done', async () => {
  const left = stackWith({ down: true, upgrading: true })
  const started = { ...left, infrastructure: stackWith({ down: false, upgrading: true }).infrastructure }
  await expect(mend(left, started)).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringContaining('node-3: is not well'),
  })
})

test('while Kubernetes is half-done, its change brings the node there', async () => {
  const left = stackWith({ down: true, upgrading: true, phase: 'pending' })
  const started = { ...left, infrastructure: stackWith({ down: false, upgrading: true }).infrastructure }
  expect((await mend(left, started)).acts).toEqual(['start node-3'])
})

tries('preflight', [
  [
    'Run mode install with the inputs of the stack: it brings back what is missing. Then run mode upgrade again.',
    () => {
      const left = stackWith({ down: true, upgrading: true })
      return mend(left, { ...left, infrastructure: stackWith({ down: false, upgrading: true }).infrastructure })
    },
    () => mend(stackWith({ down: false, upgrading: true }), stackWith({ down: false, upgrading: true })),
  ],
])
