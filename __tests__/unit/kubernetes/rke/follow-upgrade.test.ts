import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { NodeProgress } from '../../../../src/kubernetes/distribution.ts'
import { follow, NO_QUORUM_MS, NOTHING_YET, RED_MS } from '../../../../src/kubernetes/rke/follow-upgrade.ts'

const node = (name: string, more: Partial<NodeProgress> = {}): NodeProgress => ({
  node: name,
  reached: true,
  kubelet: 'v1.31.4',
  apiServer: 'v1.31.4',
  etcd: '3.5.21',
  red: [],
  ...more,
})
const whole = [node('node-1'), node('node-2'), node('node-3')]
const with1 = (more: Partial<NodeProgress>) => [node('node-1', more), node('node-2'), node('node-3')]

/** Each look at its time. */
function follows(looks: [number, NodeProgress[]][]) {
  let followed = NOTHING_YET
  const lines: string[] = []
  let end: string | undefined
  for (const [at, nodes] of looks) {
    const next = follow(followed, nodes, at)
    followed = next.now
    lines.push(...next.lines)
    end ??= next.end
  }
  return { lines, end }
}

test('what changes on a node is told, once', () => {
  const { lines, end } = follows([
    [0, whole],
    [3_000, with1({ red: ['API server: does not answer'] })],
    [6_000, with1({ red: ['API server: does not answer'] })],
    [12_000, with1({ apiServer: 'v1.32.6' })],
    [15_000, with1({ apiServer: 'v1.32.6', kubelet: 'v1.32.6' })],
    [18_000, with1({ apiServer: 'v1.32.6', kubelet: 'v1.32.6' })],
  ])
  expect(lines).toEqual([
    'node-1: API server: does not answer',
    'node-1: API server v1.32.6',
    'node-1: whole again after 9 s',
    'node-1: kubelet v1.32.6',
  ])
  expect(end).toBeUndefined()
})

test('a node that stays red past its deadline ends rke, and is named with the reason', () => {
  const red = with1({ red: ['etcd: has already been bootstrapped'] })
  expect(
    follows([
      [0, whole],
      [1_000, red],
      [RED_MS + 1_000, red],
    ]).end,
  ).toBeUndefined()
  expect(
    follows([
      [0, whole],
      [1_000, red],
      [RED_MS + 1_001, red],
    ]).end,
  ).toBe('node-1 is not well for 180 s: etcd: has already been bootstrapped')
})

test('a node that is well in between begins anew', () => {
  const red = with1({ red: ['etcd: down'] })
  expect(
    follows([
      [0, red],
      [100_000, whole],
      [100_001, red],
      [RED_MS + 2, red],
    ]).end,
  ).toBeUndefined()
})

test('a second member down beside the first ends rke sooner: there is no quorum', () => {
  const down = [node('node-1', { red: ['etcd: down'] }), node('node-2', { red: ['etcd: down'] }), node('node-3')]
  const first = with1({ red: ['etcd: down'] })
  const looks: [number, NodeProgress[]][] = [
    [0, first],
    [20_000, down],
  ]
  expect(follows([...looks, [20_000 + NO_QUORUM_MS, down]]).end).toBeUndefined()
  expect(follows([...looks, [20_001 + NO_QUORUM_MS, down]]).end).toMatch(/etcd has 1 of 3 members for 30 s/)
})

test('two red kubelets beside three members are no loss of quorum', () => {
  const red = whole.map((one) => ({ ...one, red: ['kubelet: not Ready by a fresh Lease'] }))
  expect(
    follows([
      [0, red],
      [NO_QUORUM_MS + 1, red],
    ]).end,
  ).toBeUndefined()
})

test('whatever is seen, rke is ended only over a node that was red at every look for that long', () => {
  const reds = fc.constantFrom<string[]>([], [], ['etcd: down'], ['kubelet: not Ready'])
  const look = fc.tuple(fc.integer({ min: 1, max: 60_000 }), reds, reds, reds)
  fc.assert(
    fc.property(fc.array(look, { maxLength: 30 }), (looks) => {
      let at = 0
      const seen: [number, NodeProgress[]][] = looks.map(([after, ...each]) => {
        at += after
        return [at, whole.map((one, index) => ({ ...one, red: each[index] ?? [] }))]
      })
      let followed = NOTHING_YET
      for (const [index, [now, nodes]] of seen.entries()) {
        const next = follow(followed, nodes, now)
        followed = next.now
        if (next.end === undefined) continue
        const least = Math.min(RED_MS, NO_QUORUM_MS)
        const during = seen.slice(0, index + 1).filter(([then]) => then >= now - least)
        expect(
          whole.some(({ node: name }) => during.every(([, all]) => all.find((one) => one.node === name)?.red.length)),
        ).toBe(true)
        return
      }
    }),
  )
})
