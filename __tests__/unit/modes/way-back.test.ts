import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Cure, type Evidence, isOutside, type Rung, wayBack } from '../../../src/modes/way-back.ts'
import { marksOfStart, missed, touchesDownstream } from '../../../src/modes/what-was-written.ts'
import type { Written } from '../../../src/snapshots/written-since.ts'

const NOW = new Date('2026-11-29T12:00:00Z')
const MINUTE = 60_000

const node = (name: string, red: string[] = []) => ({
  node: name,
  reached: true,
  kubelet: 'v1.31.4',
  apiServer: 'v1.31.4',
  etcd: '3.5.21',
  red,
})

/** A Rancher whose new pods never came, with nothing written. */
const base: Evidence = {
  leg: 'rancher',
  onFailure: 'restore',
  touched: true,
  brokenBefore: [],
  brokenNow: ['replica-on-each-node'],
  stepFailed: true,
  nodes: ['node-1', 'node-2', 'node-3'].map((name) => node(name)),
  everReady: false,
  canRollBack: true,
  etcdIsNewer: false,
  legRevision: 70,
  written: [],
  point: { takenAt: new Date(NOW.getTime() - 10 * MINUTE), isOurs: true },
  secondKept: true,
  now: NOW,
  restoreWindowMs: 60 * MINUTE,
  tried: [],
}
const given = (more: Partial<Evidence>): Evidence => ({ ...base, ...more })

const written = (kind: string, name: string, more: Partial<Written> = {}): Written => ({
  kind,
  namespace: undefined,
  name,
  how: 'changed',
  revision: 80,
  ...more,
})
const MARK = written('management.cattle.io/settings', 'server-version')
const CLUSTER = written('management.cattle.io/clusters', 'c-abcde', { how: 'made' })
const USER = written('management.cattle.io/users', 'u-abcde')
const RED = [node('node-1'), node('node-2', ['kubelet: not Ready by a fresh Lease']), node('node-3')]

type Case = [string, Partial<Evidence>, { rung: Rung; cure: Cure }, RegExp]

describe('the lowest rung that cures', () => {
  const nothing = { rung: 0, cure: 'nothing' } as const
  const stop = { rung: 'stop', cure: 'nothing' } as const
  const cases: Case[] = [
    ['keep was asked for', { onFailure: 'keep' }, stop, /on-failure: keep/],
    ['a name that does not resolve', { stepFailed: false, brokenNow: ['name-resolves'] }, nothing, /outside/],
    ['a certificate whose days are over', { stepFailed: false, brokenNow: ['tls-at-ingress'] }, nothing, /outside/],
    [
      'a certificate that hides the answers',
      { brokenNow: ['tls-at-ingress', 'rancher-answers', 'http-redirects'], everReady: true },
      nothing,
      /tls-at-ingress stands outside/,
    ],
    [
      'a load balancer that hides the answers',
      { brokenNow: ['balancer-forwards-443', 'rancher-answers'], everReady: true },
      nothing,
      /balancer-forwards-443 stands outside/,
    ],
    [
      'a certificate that the new Rancher rewrote',
      {
        stepFailed: false,
        everReady: true,
        brokenNow: ['tls-at-ingress'],
        written: [written('secrets', 'tls-rancher-ingress', { namespace: 'cattle-system' })],
      },
      { rung: 2, cure: 'restore' },
      /may have changed any data/,
    ],
    [
      'what was broken before',
      { stepFailed: false, brokenBefore: ['name-resolves'], brokenNow: ['name-resolves'] },
      nothing,
      /name-resolves was broken before/,
    ],
    ['every sentence holds again', { stepFailed: false, brokenNow: [] }, nothing, /holds again/],
    ['a step that had changed nothing', { touched: false }, nothing, /changed nothing/],
    ['certificates', { leg: 'certificates' }, nothing, /same CA/],
    [
      'a machine that does not answer',
      { leg: 'kubernetes', nodes: [{ ...node('node-1', ['does not answer']), reached: false }] },
      nothing,
      /node-1 does not answer/,
    ],
    [
      'a new Rancher that never came',
      {},
      { rung: 1, cure: 'roll-back' },
      /never ready, and it wrote nothing|was ever ready/,
    ],
    ['writes of users do not count as its own', { written: [USER] }, { rung: 1, cure: 'roll-back' }, /wrote nothing/],
    ['a new Rancher that was ready', { everReady: true, written: [USER] }, { rung: 2, cure: 'restore' }, /was ready/],
    [
      'a new Rancher that began with the data',
      { written: [MARK] },
      { rung: 2, cure: 'restore' },
      /had begun to change/,
    ],
    ['a roll back that did not cure', { tried: ['roll-back'] }, { rung: 2, cure: 'restore' }, /alone did not cure/],
    ['no revision to go back to', { canRollBack: false }, { rung: 2, cure: 'restore' }, /no revision/],
    ['cert-manager', { leg: 'cert-manager' }, { rung: 1, cure: 'roll-back' }, /cert-manager keeps nothing/],
    ['rke ended, and no node is red', { leg: 'kubernetes' }, { rung: 0, cure: 'go-on' }, /gone on with/],
    [
      'going on did not help',
      { leg: 'kubernetes', tried: ['go-on'] },
      { rung: 1, cure: 'former-kubernetes' },
      /no node is red/,
    ],
    ['a red node', { leg: 'kubernetes', nodes: RED }, { rung: 1, cure: 'former-kubernetes' }, /node-2 is red/],
    [
      'a red node over data of a later etcd',
      { leg: 'kubernetes', nodes: RED, etcdIsNewer: true },
      { rung: 2, cure: 'restore' },
      /later version/,
    ],
    [
      'a new Kubernetes under which Rancher does not answer',
      { leg: 'kubernetes', stepFailed: false, brokenNow: ['rancher-answers'] },
      { rung: 1, cure: 'former-kubernetes' },
      /does not hold/,
    ],
    [
      'a window that is over',
      { everReady: true, restoreWindowMs: MINUTE },
      stop,
      /10 min old.*restore-window is 1 min/,
    ],
    [
      "another run's snapshot",
      { everReady: true, point: { takenAt: NOW, isOurs: false } },
      stop,
      /not taken by this upgrade/,
    ],
    ['no point of return', { everReady: true, point: undefined }, stop, /no point of return/],
    ['no second snapshot', { everReady: true, secondKept: false }, stop, /second snapshot/],
    ['writes nobody knows', { everReady: true, written: undefined }, stop, /not known/],
    [
      'a downstream cluster was made',
      { everReady: true, written: [CLUSTER] },
      stop,
      /made management.cattle.io\/clusters c-abcde/,
    ],
    ['a restore that did not cure', { everReady: true, tried: ['restore'] }, stop, /put back already/],
  ]

  test.each(cases)('%s', (_name, more, expected, why) => {
    const verdict = wayBack(given(more))
    expect(verdict).toMatchObject(expected)
    expect(verdict.why).toMatch(why)
  })

  test('where the data go back, or would, every lost object is named', () => {
    const lost = [USER, written('configmaps', 'mine', { namespace: 'default', how: 'made' })]
    const noise = [
      written('leases', 'x', { namespace: 'kube-node-lease' }),
      written('secrets', 'sh.helm.release.v1.rancher.v2'),
    ]
    expect(wayBack(given({ everReady: true, written: [...lost, ...noise] }))).toMatchObject({ rung: 2, lost })
    expect(wayBack(given({ everReady: true, written: [...lost, CLUSTER] }))).toMatchObject({
      rung: 'stop',
      lost: [...lost, CLUSTER],
    })
  })
})

describe('what stands outside of the cluster', () => {
  const outside = ['name-resolves', 'balancer-forwards-80', 'balancer-forwards-443', 'odd-nodes', 'tls-at-ingress']
  const inside = ['rancher-answers', 'http-redirects', 'reaches-rancher-pod-port-80', 'etcd-on-each-node']

  test.each(outside)('%s is cured by no data', (id) => {
    expect(isOutside(id)).toBe(true)
    expect(wayBack(given({ brokenNow: [id] }))).toEqual({
      rung: 0,
      cure: 'nothing',
      why: `${id} stands outside of what putting something back could cure`,
      lost: [],
    })
  })

  test.each(inside)('%s may be', (id) => {
    expect(isOutside(id)).toBe(false)
    expect(wayBack(given({ stepFailed: false, brokenNow: [id] })).cure).toBe('roll-back')
  })

  test.each(['http-redirects', 'rancher-answers', 'reaches-rancher-pod-port-80', 'tls-at-ingress'])(
    'what is asked through a broken balancer or certificate says nothing: %s',
    (id) => {
      expect(wayBack(given({ brokenNow: ['balancer-forwards-80', id] })).cure).toBe('nothing')
      expect(wayBack(given({ brokenNow: ['balancer-forwards-443', id] })).cure).toBe('nothing')
    },
  )

  test.each(['name-resolves', 'odd-nodes'])('%s hides no other answer', (id) => {
    expect(wayBack(given({ stepFailed: false, brokenNow: [id, 'rancher-answers'] })).cure).toBe('roll-back')
  })

  test('a step that failed by its own proof, with no sentence broken, is not over', () => {
    expect(wayBack(given({ stepFailed: true, brokenNow: [] })).cure).toBe('roll-back')
  })

  test.each<[string, Written[] | undefined]>([
    ['another secret', [written('secrets', 'mine')]],
    ['something else of the name', [written('configmaps', 'tls-rancher-ingress')]],
    ['nobody knows what', undefined],
  ])('a certificate is outside when it was not rewritten: %s was', (_name, lines) => {
    const more = { stepFailed: false, everReady: true, brokenNow: ['tls-at-ingress'], written: lines }
    expect(wayBack(given(more))).toMatchObject({ rung: 0, cure: 'nothing' })
  })

  test('what was broken before and what is outside is told apart, each once', () => {
    const verdict = wayBack(
      given({
        stepFailed: false,
        brokenBefore: ['etcd-on-each-node', 'name-resolves'],
        brokenNow: ['etcd-on-each-node', 'name-resolves', 'odd-nodes', 'balancer-forwards-80'],
      }),
    )
    expect(verdict.why).toBe(
      'etcd-on-each-node, name-resolves was broken before the upgrade; odd-nodes, balancer-forwards-80 stands outside of what putting something back could cure',
    )
  })
})

describe('the edges', () => {
  test('only what rewinds the data loses anything', () => {
    const verdicts: Partial<Evidence>[] = [
      { onFailure: 'keep' },
      { touched: false },
      {},
      { leg: 'kubernetes' },
      { everReady: true, written: undefined },
      { everReady: true },
    ]
    for (const more of verdicts) expect(wayBack(given(more)).lost).toEqual([])
  })

  test('a point of return is used to the last moment of its window', () => {
    expect(wayBack(given({ everReady: true, restoreWindowMs: 10 * MINUTE })).cure).toBe('restore')
    expect(wayBack(given({ everReady: true, restoreWindowMs: 10 * MINUTE - 1 })).rung).toBe('stop')
  })

  test('after the data were put back the former Kubernetes is not tried on them', () => {
    expect(wayBack(given({ leg: 'kubernetes', nodes: RED, tried: ['restore'] }))).toMatchObject({
      rung: 'stop',
      why: 'the data were put back already',
    })
  })

  test('after the former Kubernetes did not cure it the data go back, and it is said so', () => {
    expect(wayBack(given({ leg: 'kubernetes', nodes: RED, tried: ['former-kubernetes'] }))).toMatchObject({
      cure: 'restore',
      why: 'the former version alone did not cure it',
    })
  })

  test('all that is the matter is named', () => {
    const nodes = [node('node-1', ['x']), node('node-2', ['y']), node('node-3')]
    expect(wayBack(given({ leg: 'kubernetes', nodes })).why).toMatch(/^node-1, node-2 is red in the new version/)
    const silent = nodes.map((one) => ({ ...one, reached: one.node === 'node-3' }))
    expect(wayBack(given({ leg: 'kubernetes', nodes: silent })).why).toMatch(/^node-1, node-2 does not answer/)
    const made = [CLUSTER, { ...CLUSTER, name: 'c-2' }]
    expect(wayBack(given({ everReady: true, written: made })).why).toMatch(/clusters c-abcde; made .*clusters c-2$/)
    const marks = [MARK, written('apiextensions.k8s.io/customresourcedefinitions', 'x.cattle.io')]
    expect(wayBack(given({ written: marks })).why).toMatch(/\(\S+ \S+ server-version; \S+ \S+ x\.cattle\.io\)$/)
  })
})

describe('what was written', () => {
  const cases: [string, Written, boolean][] = [
    ['a downstream cluster made', CLUSTER, true],
    ['a downstream cluster deleted', { ...CLUSTER, how: 'deleted' }, true],
    ['its status changed', { ...CLUSTER, how: 'changed' }, false],
    ['the local cluster', { ...CLUSTER, name: 'local' }, false],
    [
      'a provisioned cluster',
      written('provisioning.cattle.io/clusters', 'a', { namespace: 'fleet-default', how: 'made' }),
      true,
    ],
    ['a machine', written('cluster.x-k8s.io/machines', 'm', { namespace: 'fleet-default', how: 'deleted' }), true],
    [
      'a machine of a driver',
      written('rke-machine.cattle.io/amazonec2machines', 'm', { namespace: 'fleet-default', how: 'made' }),
      true,
    ],
    ['a node of a cluster', written('management.cattle.io/nodes', 'm-1', { namespace: 'c-abcde', how: 'made' }), true],
    [
      'a node of the local cluster',
      written('management.cattle.io/nodes', 'm-1', { namespace: 'local', how: 'made' }),
      false,
    ],
    [
      'a registration token changed',
      written('management.cattle.io/clusterregistrationtokens', 't', { namespace: 'c-abcde' }),
      true,
    ],
    ['a cloud credential changed', written('secrets', 'cc-abcde', { namespace: 'cattle-global-data' }), true],
    ['a plan that an agent reports on', written('secrets', 'x-machine-plan', { namespace: 'fleet-default' }), false],
    [
      'a plan of a machine made',
      written('secrets', 'x-machine-plan', { namespace: 'fleet-default', how: 'made' }),
      true,
    ],
    ["a user's secret", written('secrets', 'mine', { namespace: 'default', how: 'made' }), false],
    ['a user', { ...USER, how: 'made' }, false],
  ]
  test.each(cases)('%s', (_name, one, isDownstream) => {
    expect(touchesDownstream([one])).toEqual(isDownstream ? [one] : [])
  })

  test('only a start writes its kinds and its version', () => {
    const crd = written('apiextensions.k8s.io/customresourcedefinitions', 'users.management.cattle.io')
    const theirs = written('apiextensions.k8s.io/customresourcedefinitions', 'issuers.cert-manager.io')
    const url = written('management.cattle.io/settings', 'server-url')
    expect(marksOfStart([crd, theirs, url, MARK, USER])).toEqual([crd, MARK])
  })

  test('what runs writes by itself is missed by nobody', () => {
    const noise = ['events', 'leases', 'pods', 'minions', 'endpointslices', 'services/endpoints', 'replicasets']
    expect(missed(noise.map((kind) => written(kind, 'x', { namespace: 'a' })))).toEqual([])
    expect(missed([USER, CLUSTER])).toEqual([USER, CLUSTER])
  })
})

const anyWritten = fc.record({
  kind: fc.constantFrom(
    'management.cattle.io/clusters',
    'management.cattle.io/users',
    'management.cattle.io/settings',
    'provisioning.cattle.io/clusters',
    'cluster.x-k8s.io/machines',
    'apiextensions.k8s.io/customresourcedefinitions',
    'secrets',
    'configmaps',
    'pods',
  ),
  namespace: fc.constantFrom(undefined, 'default', 'cattle-system', 'fleet-default', 'cattle-global-data', 'c-abcde'),
  name: fc.constantFrom(
    'a',
    'local',
    'c-abcde',
    'server-version',
    'x.cattle.io',
    'tls-rancher-ingress',
    'x-machine-plan',
  ),
  how: fc.constantFrom('made' as const, 'changed' as const, 'deleted' as const),
  revision: fc.constantFrom(undefined, 72, 80),
})
/** Where everything is possible, the last rung is hardly ever reached. */
const mostly = <T>(usual: T, any: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: any })
const anyNode = fc.record({
  node: fc.constantFrom('node-1', 'node-2', 'node-3'),
  reached: mostly(true, fc.boolean()),
  kubelet: fc.constantFrom(undefined, 'v1.31.4', 'v1.32.6'),
  apiServer: fc.constantFrom(undefined, 'v1.31.4', 'v1.32.6'),
  etcd: fc.constant('3.5.21'),
  red: fc.constantFrom<string[][]>([], ['etcd: dead'], ['kubelet: not Ready']).map((red) => red),
})
const ids = [
  'name-resolves',
  'balancer-forwards-443',
  'tls-at-ingress',
  'rancher-answers',
  'replica-on-each-node',
  'etcd-on-each-node',
]
const cures: Cure[] = ['go-on', 'roll-back', 'former-kubernetes', 'restore']
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  leg: fc.constantFrom('certificates' as const, 'cert-manager' as const, 'kubernetes' as const, 'rancher' as const),
  onFailure: fc.constantFrom('restore' as const, 'restore' as const, 'restore' as const, 'keep' as const),
  touched: mostly(true, fc.boolean()),
  brokenBefore: mostly<string[]>([], fc.subarray(ids)),
  brokenNow: mostly(['rancher-answers', 'replica-on-each-node'], fc.subarray(ids)),
  stepFailed: fc.boolean(),
  nodes: fc.array(anyNode, { maxLength: 3 }),
  everReady: fc.boolean(),
  canRollBack: fc.boolean(),
  etcdIsNewer: fc.boolean(),
  legRevision: fc.option(fc.constant(75), { nil: undefined }),
  written: fc.option(fc.array(anyWritten, { maxLength: 3 }), { nil: undefined }),
  point: fc.option(
    fc.record({
      takenAt: fc.integer({ min: 0, max: 120 }).map((age) => new Date(NOW.getTime() - age * MINUTE)),
      isOurs: fc.boolean(),
    }),
    { nil: undefined },
  ),
  secondKept: mostly(true, fc.boolean()),
  now: fc.constant(NOW),
  restoreWindowMs: fc.integer({ min: 0, max: 120 }).map((age) => age * MINUTE),
  tried: mostly<Cure[]>([], fc.subarray(cures)),
})

const height = (rung: Rung) => (rung === 'stop' ? 3 : rung)

describe('for any evidence', () => {
  const holds = (property: (evidence: Evidence) => void) =>
    fc.assert(fc.property(anyEvidence, property), { numRuns: 3000 })

  test('data are put back only from a snapshot of this upgrade, within the window, over a second one, and over nothing downstream', () => {
    let restores = 0
    holds((evidence) => {
      const { cure, rung } = wayBack(evidence)
      expect(cure === 'restore').toBe(rung === 2)
      if (cure !== 'restore') return
      restores += 1
      const { point, secondKept, written, restoreWindowMs, onFailure, tried } = evidence
      expect(point?.isOurs).toBe(true)
      expect(NOW.getTime() - (point?.takenAt.getTime() ?? 0)).toBeLessThanOrEqual(restoreWindowMs)
      expect([secondKept, onFailure, tried.includes('restore')]).toEqual([true, 'restore', false])
      expect(touchesDownstream(written ?? [CLUSTER])).toEqual([])
    })
    expect(restores).toBeGreaterThan(20)
  })

  test('a Rancher that was ready, or left its marks, is never gone back from without its data', () => {
    holds((evidence) => {
      const { cure } = wayBack(evidence)
      if (evidence.leg !== 'rancher' || cure !== 'roll-back') return
      expect(evidence.everReady).toBe(false)
      expect(marksOfStart(evidence.written ?? [MARK], evidence.legRevision)).toEqual([])
    })
  })

  test('nothing is tried twice, and nothing is put back over what only stands outside', () => {
    holds((evidence) => {
      const { cure } = wayBack(evidence)
      if (cure !== 'nothing') expect(evidence.tried).not.toContain(cure)
      const outside = evidence.brokenNow.every((id) => ['name-resolves', 'balancer-forwards-443'].includes(id))
      if (evidence.brokenNow.length > 0 && outside) expect(['nothing']).toContain(cure)
    })
  })

  test('the worse it stands, the higher the rung: what was seen or tried more never leads to a lower one', () => {
    const worse: ((evidence: Evidence) => Evidence)[] = [
      (one) => ({ ...one, everReady: true }),
      (one) => ({ ...one, written: [...(one.written ?? []), { ...MARK }] }),
      (one) => ({ ...one, written: [...(one.written ?? []), { ...CLUSTER }] }),
      (one) => ({ ...one, tried: [...new Set<Cure>([...one.tried, 'go-on', 'roll-back', 'former-kubernetes'])] }),
      (one) => ({ ...one, tried: cures }),
      (one) => ({ ...one, restoreWindowMs: 0 }),
      (one) => ({ ...one, secondKept: false }),
      (one) => ({ ...one, etcdIsNewer: true }),
    ]
    fc.assert(
      fc.property(anyEvidence, fc.constantFrom(...worse), (evidence, change) => {
        // What is not known at all is no better than anything that is.
        fc.pre(evidence.written !== undefined)
        expect(height(wayBack(change(evidence)).rung)).toBeGreaterThanOrEqual(height(wayBack(evidence).rung))
      }),
      { numRuns: 3000 },
    )
  })
})
