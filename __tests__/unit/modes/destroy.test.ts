import { expect, test } from '@jest/globals'
import type { Infrastructure } from '../../../src/infrastructure/infrastructure.ts'
import { planDestroy, refuseDestroy, refuseUnreached } from '../../../src/modes/destroy.ts'
import { planLeft } from '../../../src/modes/last-snapshot.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import type { DestroySettings } from '../../../src/settings.ts'
import type { Step } from '../../../src/steps.ts'
import { tries } from '../remedies/tries.ts'

const plan: Step[] = [
  { id: 'x', title: 'X', deadlineMs: 1, needs: [], change: { room: 'infrastructure', kind: 'remove-machine' } },
]

function seen(memory: Seen['infrastructure']['memory'], state: Seen['cluster']['state'] = 'running'): Seen {
  return {
    infrastructure: {
      nodes: [],
      loadBalancer: undefined,
      name: { hostname: '', addresses: [] },
      memory,
      refusals: [],
      owned: [],
    },
    cluster: {
      state,
      distribution: undefined,
      uid: undefined,
      version: undefined,
      nodes: [],
      etcd: [],
      certificates: [],
      asked: undefined,
      own: undefined,
    },
    rancher: noRancher(new Date(0)),
  }
}

const known = { clusterUid: 'uid', hostname: 'a.example' }
const confirm = (given: string | undefined) =>
  ({ confirm: given, stack: { name: 's', owner: '1', ownerName: 'o/r' } }) as DestroySettings

test.each([
  ['the host name confirms', seen(known), 'a.example', 0],
  ['nothing given', seen(known), undefined, 1],
  ['another name', seen(known), 'b.example', 1],
  ['no node answers, but a cluster is remembered', seen(known, 'none'), undefined, 1],
  ['a cluster nobody knows the name of', seen({ clusterUid: undefined, hostname: undefined }), 'a.example', 1],
  ['the same, by the name of the stack', seen({ clusterUid: undefined, hostname: undefined }), 's', 0],
  ['half-made, no cluster yet', seen({ clusterUid: undefined, hostname: undefined }, 'none'), undefined, 0],
])('%s', (_name, facts, given, refusals) => {
  expect(refuseDestroy(facts, plan, confirm(given))).toHaveLength(refusals)
})

test('a machine somebody brought that does not answer is no machine without a cluster', () => {
  const node = { name: 'node-2' }
  const stack = (provider: string) =>
    ({ infrastructure: { provider }, hosts: { unreached: [{ node, why: 'no route' }] } }) as unknown as Stack
  expect(refuseUnreached(stack('hosts'))).toMatchObject([{ kind: 'ssh', subject: 'node-2' }])
  expect(refuseUnreached(stack('local'))).toEqual([])
})

test('nothing to remove needs no word', () => {
  expect(refuseDestroy(seen(known), [], confirm(undefined))).toEqual([])
})

test.each(['local', 'hosts'] as const)('%s: nothing is taken away before what is left was kept', (provider) => {
  const infrastructure = { provider, planDestroy: () => plan } as unknown as Infrastructure
  const places = [{ kind: 'artifact' } as const]
  const save = planLeft('members', { places, keeps: true, saves: false })
  const steps = planDestroy({ infrastructure }, seen(known), save)
  expect(steps.slice(0, 2).map(({ id, needs }) => [id, needs])).toEqual([
    ['save-left', []],
    ['keep-left', ['save-left']],
  ])
  expect(steps.slice(2).every(({ needs }) => needs.includes('keep-left'))).toBe(true)
  expect(steps.length).toBe(provider === 'hosts' ? 4 : 3)
})

test('where nothing is left, or nothing is to be kept, nothing is saved', () => {
  expect(planLeft(undefined, { places: [], keeps: true, saves: true })).toEqual([])
  expect(planLeft('survivors', { places: [], keeps: false, saves: false })).toEqual([])
  expect(planLeft('survivors', { places: [], keeps: false, saves: true }).map(({ id }) => id)).toEqual(['save-left'])
})

test('a stack with a time to live goes without a word', () => {
  const { infrastructure, ...rest } = seen(known)
  const mortal = { ...rest, infrastructure: { ...infrastructure, expires: '2026-01-01T00:00:00Z' } }
  expect(refuseDestroy(mortal, plan, confirm(undefined))).toEqual([])
})

const reaches = (unreached: { node: { name: string }; why: string }[]) => () =>
  refuseUnreached({ infrastructure: { provider: 'hosts' }, hosts: { unreached } } as unknown as Stack)

tries('ssh', [
  [
    'Make the machine answer by SSH, or name it in force-nodes to leave it as it is.',
    reaches([{ node: { name: 'node-2' }, why: 'no route' }]),
    // One that is named is none of the nodes any more, so nobody asks it.
    reaches([]),
  ],
])

tries('input', [
  [
    'Set confirm to … if the stack is to go: a last snapshot is kept off the nodes, unless last-snapshot is false.',
    () => refuseDestroy(seen(known), plan, confirm(undefined)),
    () => refuseDestroy(seen(known), plan, confirm('a.example')),
  ],
])
