import { describe, expect, test } from '@jest/globals'
import { asStackError } from '../../../src/errors.ts'
import type { CertificateFacts, ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import { describeEnding, endingWithin } from '../../../src/modes/certificates-end.ts'
import { planUpgrade, stepsOf, type UpgradeWishes } from '../../../src/modes/plan-upgrade.ts'
import { refuseUpgrade } from '../../../src/modes/refuse-upgrade.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { tellCertificates } from '../../../src/modes/tell-certificates.ts'
import { tellDownstream, tellUpgrade } from '../../../src/modes/tell-upgrade.ts'
import { upgrade } from '../../../src/modes/upgrade.ts'
import { wantUpgrade } from '../../../src/modes/want-upgrade.ts'
import type { UpgradeSettings } from '../../../src/settings.ts'
import type { Step } from '../../../src/steps.ts'
import { settings as rancherSettings } from '../rancher/make.ts'
import { tries } from '../remedies/tries.ts'
import { NOW, seenStack, upgradeSettings, upgradeWorld } from './upgrade-world.ts'

const RUNNING = { source: 'running' } as const
const versions = (version?: string, certManagerVersion?: string) =>
  rancherSettings({ tls: RUNNING, version, certManagerVersion })
const ends = (days: number, over: Partial<CertificateFacts> = {}): CertificateFacts => ({
  node: 'node-1',
  name: 'kube-apiserver',
  endsAt: new Date(NOW.getTime() + days * 86_400_000 + 60_000),
  isCa: false,
  ...over,
})

async function look(seen: Seen, given: Partial<UpgradeSettings> = {}) {
  const { run, stack, settings, asked } = upgradeWorld(seen, given)
  const wanted = await wantUpgrade(run, stack, seen)
  const refusals = refuseUpgrade(stack, seen, wanted, settings, NOW)
  const told = refusals.map(({ subject, what, next }) => `${subject}: ${what} ${next}`)
  const steps = stepsOf(settings, seen, wanted)
  return { wanted, told, asked, legs: wanted.path.legs, kinds: steps.map(({ change }) => change.kind) }
}

describe('the path', () => {
  test('nothing is asked: nothing to do, nobody is reached', async () => {
    expect(await look(seenStack())).toMatchObject({ legs: [], kinds: [], told: [], asked: [] })
  })

  test('what runs already needs no repository', async () => {
    const { legs, asked } = await look(seenStack(), { rancher: versions('2.10.3', 'v1.17.2') })
    expect([legs, asked]).toEqual([[], []])
  })

  test('Rancher and Kubernetes in one run; a cert-manager at its last patch stays', async () => {
    const given = { kubernetesVersion: 'v1.32.6', rancher: versions('2.11.3', 'latest-patch') }
    const { legs, told, wanted } = await look(seenStack(), given)
    expect([legs, told]).toEqual([
      [
        { kind: 'rancher', from: '2.10.3', to: '2.11.3' },
        { kind: 'kubernetes', from: 'v1.31.10-rancher1-1', to: 'v1.32.6-rancher1-1' },
      ],
      [],
    ])
    expect(wanted.cluster.version).toBe('v1.32.6-rancher1-1')
    expect(wanted.hostname).toBe('rancher.example.test')
  })

  test('certificates that are about to end come first, and alone when nothing else is asked', async () => {
    const { legs, told } = await look(seenStack({ cluster: { certificates: [ends(7)] } }))
    expect([legs, told]).toEqual([[{ kind: 'certificates' }], []])
    expect((await look(seenStack({ cluster: { certificates: [ends(31)] } }))).legs).toEqual([])
  })

  test('other settings and values without a version', async () => {
    const given = {
      rkeConfig: { services: { kubelet: {} } },
      rancher: rancherSettings({ tls: RUNNING, helmValues: { extraEnv: [{ name: 'A', value: 'b' }] } }),
    }
    expect((await look(seenStack(), given)).legs).toEqual([
      { kind: 'kubernetes', from: 'v1.31.10-rancher1-1', to: 'v1.31.10-rancher1-1' },
      { kind: 'rancher', from: '2.10.3', to: '2.10.3' },
    ])
  })

  const mixed = (kept: string): Partial<ClusterFacts> => ({
    version: kept,
    nodes: seenStack().cluster.nodes.map((node, at) =>
      at === 0 ? { ...node, version: 'v1.32.6', apiVersion: 'v1.32.6' } : { ...node, ready: at !== 1 },
    ),
  })

  test.each(['v1.31.10-rancher1-1', 'v1.32.6-rancher1-1'])(
    'what was begun is gone on with, though nothing is asked and a node is not Ready (written down: %s)',
    async (kept) => {
      const { legs, told, asked } = await look(seenStack({ cluster: mixed(kept), rancher: rancherOf('2.11.3') }))
      expect([legs, told, asked]).toEqual([
        [{ kind: 'kubernetes', from: 'v1.31.10-rancher1-1', to: 'v1.32.6-rancher1-1' }],
        [],
        ['rke'],
      ])
    },
  )

  test('what was begun does not go back', async () => {
    const { told } = await look(seenStack({ cluster: mixed('v1.31.10-rancher1-1'), rancher: rancherOf('2.11.3') }), {
      kubernetesVersion: 'v1.31.10',
    })
    expect(told.join()).toMatch(
      /an upgrade to Kubernetes v1\.32\.6-rancher1-1 was begun and not finished.*mode restore/,
    )
  })

  test('a state written ahead that every node has reached is finished', async () => {
    const seen = seenStack()
    const own = seen.cluster.own as { nodes: { state: object }[] }
    const nodes = own.nodes.map((node) => ({ ...node, state: { ...node.state, phase: 'pending' } }))
    const cluster = { own: { ...own, nodes } }
    expect((await look(seenStack({ cluster }))).legs).toEqual([
      { kind: 'kubernetes', from: 'v1.31.10-rancher1-1', to: 'v1.31.10-rancher1-1' },
    ])
  })

  test('what an earlier run did and did not write down is proven and written down', async () => {
    const { legs, kinds } = await look(seenStack({ rancher: rancherOf('2.11.3') }))
    expect([legs, kinds]).toEqual([[], ['prove-between', 'keep-asked']])
  })
})

test('an upgrade that is written down as begun is brought to its end, though all of it is there', async () => {
  const seen = seenStack()
  const own = seen.cluster.own as { nodes: { state: object }[] }
  const nodes = own.nodes.map((node) => ({ ...node, state: { ...node.state, upgrading: { run: '1-1' } } }))
  const { legs, kinds } = await look(seenStack({ cluster: { own: { ...own, nodes } } }))
  expect([legs, kinds]).toEqual([[], ['prove-between', 'keep-asked']])
})

function rancherOf(version: string): Partial<Seen['rancher']> {
  const { release } = seenStack().rancher
  if (release === undefined) throw new Error('there is a Rancher')
  return { release: { ...release, chartVersion: version, deployed: { revision: 2, chartVersion: version } } }
}

describe('refused, all at once', () => {
  const stopped = () => {
    const seen = seenStack()
    const nodes = seen.infrastructure.nodes.map((node, at) =>
      at === 2 ? { ...node, state: 'stopped' as const } : node,
    )
    return { ...seen, infrastructure: { ...seen.infrastructure, nodes } }
  }
  const cases: [string, Seen, Partial<UpgradeSettings>, RegExp][] = [
    ['no cluster', seenStack({ cluster: { state: 'none' } }), {}, /cluster: there is no cluster here/],
    ['no quorum', seenStack({ cluster: { state: 'quorum-lost' } }), {}, /cluster: etcd has lost its quorum/],
    [
      'a cluster nobody took up',
      seenStack({ cluster: { asked: undefined } }),
      {},
      /cluster: this cluster was not taken up.*mode install/,
    ],
    [
      'a node not Ready',
      seenStack({ cluster: { nodes: seenStack().cluster.nodes.slice(1) } }),
      {},
      /node-1: is not Ready/,
    ],
    [
      'a member not healthy',
      seenStack({ cluster: { etcd: seenStack().cluster.etcd.slice(1) } }),
      {},
      /etcd on node-1: does not run/,
    ],
    ['a machine that does not run', stopped(), {}, /node-3: does not run/],
    ['another number of nodes', seenStack(), { nodeCount: 5 }, /node-count: the stack has 3 nodes, asked are 5/],
    ['another host name', seenStack(), { hostname: 'new.test' }, /hostname: .*cannot change/],
    ['no Rancher', seenStack({ rancher: { release: undefined } }), {}, /rancher: there is no Rancher/],
    [
      'a CA about to end',
      seenStack({ cluster: { certificates: [ends(3, { isCa: true, name: 'kube-ca' })] } }),
      {},
      /certificates: a CA of the cluster is about to end: kube-ca on node-1 ends on 2026-11-26 \(in 3 days\)/,
    ],
    [
      'Kubernetes beyond rke',
      seenStack(),
      { kubernetesVersion: 'v1.33.2' },
      /kubernetes-version: Kubernetes v1\.33\.2 is not to be had/,
    ],
    [
      'Kubernetes beyond Rancher',
      seenStack(),
      { kubernetesVersion: 'v1.32.6' },
      /Rancher 2\.10\.3 runs on Kubernetes 1\.28 to 1\.31.*rancher-version to 2\.11/,
    ],
    ['Rancher back', seenStack(), { rancher: versions('2.9.3') }, /rancher-version: .*never goes back.*mode restore/],
    [
      'cert-manager of somebody else',
      seenStack({ rancher: { certManager: { release: undefined, kinds: true, ready: undefined } } }),
      { rancher: versions(undefined, 'v1.18.2') },
      /cert-manager-version: cert-manager was installed by somebody else/,
    ],
    [
      'no cert-manager',
      seenStack({ rancher: { certManager: { release: undefined, kinds: false, ready: undefined } } }),
      { rancher: versions(undefined, 'v1.18.2') },
      /cert-manager-version: there is no cert-manager here/,
    ],
    [
      'a helm that does not fit',
      seenStack(),
      { rancher: versions('2.11.3'), tools: { ...upgradeSettings().tools, helmVersion: 'v3.21.0' } },
      /helm-version: Helm v3\.21\.0 does not go with Kubernetes v1\.31/,
    ],
  ]
  test.each(cases)('%s', async (_, seen, given, expected) => {
    expect((await look(seen, given)).told.join('\n')).toMatch(expected)
  })

  test('two reasons are both told', async () => {
    const { told } = await look(seenStack(), { nodeCount: 5, rancher: versions('2.9.3') })
    expect(told).toHaveLength(2)
  })
})

describe('the steps', () => {
  const wishes: Omit<UpgradeWishes, 'legs'> = {
    replacements: [],
    running: 'a',
    target: 'b',
    nodes: ['node-2', 'node-1'],
    places: [{ kind: 'artifact' }],
    verify: 'restore',
    remembered: true,
  }
  const ids = (steps: Step[]) => steps.map(({ id, needs }) => `${id} < ${needs.join(' ') || '-'}`)

  test('nothing to do', () => expect(planUpgrade({ ...wishes, legs: [] })).toEqual([]))

  test('the snapshot first, each leg after the proof of the one before, the images of all nodes together', () => {
    const steps = planUpgrade({
      ...wishes,
      legs: [
        { kind: 'certificates' },
        { kind: 'cert-manager', from: 'v1.17.2', to: 'v1.18.2' },
        { kind: 'rancher', from: '2.10.3', to: '2.11.3' },
        { kind: 'kubernetes', from: 'a', to: 'b' },
      ],
    })
    expect(ids(steps)).toEqual([
      'point-of-return < -',
      'rotate-certificates < point-of-return',
      'prove-after-rotate-certificates < rotate-certificates',
      'upgrade-cert-manager-v1.18.2 < prove-after-rotate-certificates',
      'prove-after-upgrade-cert-manager-v1.18.2 < upgrade-cert-manager-v1.18.2',
      'upgrade-rancher-2.11.3 < prove-after-upgrade-cert-manager-v1.18.2',
      'prove-after-upgrade-rancher-2.11.3 < upgrade-rancher-2.11.3',
      'images-b-node-1 < prove-after-upgrade-rancher-2.11.3',
      'images-b-node-2 < prove-after-upgrade-rancher-2.11.3',
      'upgrade-kubernetes-b < images-b-node-1 images-b-node-2',
      'prove-after-upgrade-kubernetes-b < upgrade-kubernetes-b',
      'keep-asked < prove-after-upgrade-kubernetes-b',
    ])
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length)
    expect(
      steps.map(({ change }) => `${change.room}/${change.kind}`).filter((kind) => !kind.includes('prove')),
    ).toEqual([
      'snapshots/point-of-return',
      'kubernetes/rotate-certificates',
      'rancher/upgrade-cert-manager',
      'rancher/upgrade-rancher',
      'kubernetes/upgrade-images',
      'kubernetes/upgrade-images',
      'kubernetes/upgrade-cluster',
      'kubernetes/keep-asked',
    ])
    expect(steps[0]?.title).toBe('Take a snapshot, restore it on trial, and store it in artifact: the point of return')
  })

  test('settings alone are called by their name', () => {
    const [, step] = planUpgrade({
      ...wishes,
      verify: 'hash',
      legs: [{ kind: 'rancher', from: '2.11.3', to: '2.11.3' }],
    })
    expect(step?.title).toBe('Bring Rancher 2.11.3 to its settings')
  })
})

describe('certificates', () => {
  test('those that end soon, the first in front, in words', () => {
    const all = [ends(29.9), ends(1, { node: 'node-2' }), ends(-2, { name: 'kube-proxy' }), ends(31)]
    const ending = endingWithin(all, NOW)
    expect(ending.map(({ name, node }) => `${name} ${node}`)).toEqual([
      'kube-proxy node-1',
      'kube-apiserver node-2',
      'kube-apiserver node-1',
    ])
    expect(describeEnding(ending, NOW)).toBe(
      'kube-proxy on node-1 ends on 2026-11-21 (it has ended), kube-apiserver on node-2 ends on 2026-11-24 (in 1 day), kube-apiserver on node-1 ends on 2026-12-23 (in 29 days)',
    )
    expect(describeEnding([...ending, ends(2), ends(3)], NOW)).toMatch(/, and 2 more$/)
  })

  test.each([
    [[], [], []],
    [[ends(200)], [/first certificate of the cluster to end is kube-apiserver on node-1/], []],
    [[ends(7)], [], [/end within 30 days.*Mode upgrade makes them anew/]],
    [[ends(7, { isCa: true })], [], [/end within 30 days.*docs\/upgrade\.md/]],
  ])('status tells them: case %#', (certificates, lines, warnings) => {
    const told = { lines: [] as string[], warnings: [] as string[] }
    const report = {
      line: (text: string) => void told.lines.push(text),
      warning: (text: string) => void told.warnings.push(text),
    }
    tellCertificates(report, seenStack({ cluster: { certificates } }), NOW)
    expect(told).toEqual({
      lines: lines.map((text) => expect.stringMatching(text)),
      warnings: warnings.map((text) => expect.stringMatching(text)),
    })
  })
})

test('the path is told leg by leg with what it interrupts, and what can be gone back to', async () => {
  const { run, stack } = upgradeWorld(seenStack(), { kubernetesVersion: 'v1.32.6', rancher: versions('2.11.3') })
  const wanted = await wantUpgrade(run, stack, seenStack())
  const lines: string[] = []
  const tables: { title: string; rows: string[][] }[] = []
  const report = {
    line: (text: string) => void lines.push(text),
    table: (table: (typeof tables)[number]) => void tables.push(table),
  }
  tellUpgrade(report, wanted, run.settings)
  expect(lines[0]).toBe('Running: Kubernetes v1.31.10-rancher1-1, Rancher 2.10.3, cert-manager v1.17.2')
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^1\. Rancher 2\.10\.3 → 2\.11\.3: .*Interruption expected: none for new requests/),
    expect.stringMatching(/^2\. Kubernetes v1\.31\.10-rancher1-1 → v1\.32\.6-rancher1-1: .*one node after the other/),
  ])
  expect(tables.map(({ title }) => title)).toEqual(['Path', 'Point of return'])
  expect(tables[1]?.rows.flat().join(' ')).toMatch(/\/kept.*restored into a scratch etcd.*within 60 min/)
  tellUpgrade(report, wanted, { ...run.settings, onFailure: 'keep', verify: 'hash' })
  expect(tables.at(-1)?.rows.flat().join(' ')).toMatch(/left as it stands \(on-failure: keep\)/)
  expect(tables.at(-1)?.rows.flat().join(' ')).not.toContain('scratch')
})

test('downstream clusters are noted as they stood', () => {
  const tables: unknown[] = []
  const report = { line: () => {}, table: (table: unknown) => void tables.push(table) }
  tellDownstream(report, seenStack().rancher)
  expect(tables).toEqual([])
  const cluster = { id: 'c-1', name: 'shop', isRke1: false, kubernetesVersion: undefined, notTrue: ['Connected'] }
  tellDownstream(report, { downstream: { clusters: [cluster], rke1Templates: [] } })
  expect(tables).toMatchObject([{ rows: [['shop', 'c-1', 'unknown', 'Connected']] }])
})

describe('the story', () => {
  const asks = { rancher: versions('2.11.3'), kubernetesVersion: 'v1.32.6' }

  async function story(
    seen: Seen,
    given: Partial<UpgradeSettings> = {},
    refusals: Parameters<typeof upgradeWorld>[2] = [],
  ) {
    const world = upgradeWorld(seen, given, refusals)
    const done: string[] = []
    const doors = {
      openStack: async () => world.stack,
      openSnapshots: async () => ({ preflight: async () => [] }) as never,
      proveStack: async () => void done.push('proven'),
      upgradeStack: async () => {
        done.push('upgraded')
        return true
      },
    }
    const outcome = await upgrade(world.run, doors).catch(asStackError)
    return { ...world, done, outcome }
  }

  test('carries out what was planned, then proves', async () => {
    const { outcome, done, asked, told } = await story(seenStack(), asks)
    expect([outcome, done]).toEqual([{ changed: true }, ['upgraded', 'proven']])
    expect(asked).toEqual(['rke', 'rancher', 'chart 2.11.3 on v1.31.10-rancher1-1'])
    expect(told.tables).toEqual(['Path', 'Point of return'])
    expect(told.warnings.join()).toMatch(/RKE v1.*unencrypted/)
  })

  test('a dry run tells and stops', async () => {
    const { outcome, done, told } = await story(seenStack(), { ...asks, dryRun: true })
    expect([outcome, done, told.plans.length]).toEqual([{ changed: false }, [], 1])
  })

  test('nothing to do is proven all the same', async () => {
    const { outcome, done, told } = await story(seenStack())
    expect([outcome, done]).toEqual([{ changed: false }, ['proven']])
    expect(told.lines).toContain('Nothing is to be upgraded.')
  })

  test('only the plan that was approved runs', async () => {
    const { told } = await story(seenStack(), { ...asks, dryRun: true })
    const [digest = ''] = told.plans
    expect((await story(seenStack(), { ...asks, expectedPlan: digest })).done).toEqual(['upgraded', 'proven'])
    const other = await story(seenStack(), { rancher: versions('2.11.3'), expectedPlan: digest })
    expect([other.outcome, other.done]).toEqual([expect.objectContaining({ kind: 'preflight' }), []])
  })

  const approved = async (given: Partial<UpgradeSettings>) =>
    (await story(seenStack(), { ...given, dryRun: true })).told.plans[0]
  const runsWith = (given: Partial<UpgradeSettings>, plan: Partial<UpgradeSettings>) => async () => {
    const { outcome } = await story(seenStack(), { ...given, expectedPlan: (await approved(plan)) ?? '' })
    if (outcome instanceof Error) throw outcome
  }
  tries('preflight', [
    [
      'What stands has changed since that plan was made: look at the new plan, and run with its digest.',
      runsWith({ rancher: versions('2.11.3') }, asks),
      runsWith({ rancher: versions('2.11.3') }, { rancher: versions('2.11.3') }),
    ],
  ])

  test('a chart that does not take its values stops it before anything is touched', async () => {
    const refusal = { kind: 'preflight', subject: 'Rancher 2.11.3', what: 'its chart does not', next: 'x' } as const
    const { outcome, done } = await story(seenStack(), asks, [refusal])
    expect([outcome, done]).toEqual([expect.objectContaining({ message: 'Rancher 2.11.3: its chart does not' }), []])
  })
})
