import type { ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import type { RkeFacts } from '../../../src/kubernetes/rke/facts.ts'
import { refuseUpgrade } from '../../../src/modes/refuse-upgrade.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { wantUpgrade } from '../../../src/modes/want-upgrade.ts'
import type { DownstreamFacts, RancherFacts } from '../../../src/rancher/facts.ts'
import { refuse as refuseRancher } from '../../../src/rancher/refuse.ts'
import { refuseUpgrade as refuseRancherUpgrade } from '../../../src/rancher/refuse-upgrade.ts'
import type { RancherSettings, UpgradeSettings } from '../../../src/settings.ts'
import { planPath, type Versions } from '../../../src/versions/path.ts'
import { bareNode } from '../kubernetes/rke/world.ts'
import { NOW, seenStack, upgradeWorld } from '../modes/upgrade-world.ts'
import { HOSTNAME, installed, release, settings, wanted } from '../rancher/make.ts'
import { tries } from './tries.ts'

/** Everything that stands against an upgrade of a stack as it is seen. */
const upgrades =
  (seen: Seen, given: Partial<UpgradeSettings> = {}) =>
  async () => {
    const world = upgradeWorld(seen, given)
    const path = await wantUpgrade(world.run, world.stack, seen)
    return refuseUpgrade(world.stack, seen, path, world.settings, NOW)
  }
const well = seenStack()
const rancher = (over: Partial<RancherSettings>) => ({ rancher: settings({ tls: { source: 'running' }, ...over }) })
const mixed = seenStack({
  cluster: {
    nodes: well.cluster.nodes.map((node, at) =>
      at === 0 ? { ...node, version: 'v1.32.6', apiVersion: 'v1.32.6' } : node,
    ),
  },
  rancher: { release: release({ chartVersion: '2.11.3', values: well.rancher.release?.values ?? {} }) },
})

tries('preflight', [
  [
    'Run mode install with the inputs of the stack, then upgrade.',
    upgrades(stopped()),
    // What an install leaves: all machines run.
    upgrades(well),
  ],
  [
    'Run mode install with the inputs of the stack: it brings back what is missing. Then upgrade.',
    upgrades(seenStack({ cluster: { nodes: well.cluster.nodes.slice(1) } })),
    upgrades(well),
  ],
  [
    'Run mode install with the inputs of the stack: it joins the member anew. Then upgrade.',
    upgrades(seenStack({ cluster: { etcd: well.cluster.etcd.slice(1) } })),
    upgrades(well),
  ],
  [
    'Run mode install with the inputs of the stack once: it changes no version.',
    upgrades(seenStack({ cluster: { asked: undefined } })),
    upgrades(well),
  ],
  [
    'Run mode install with the inputs of the stack.',
    upgrades(seenStack({ cluster: { state: 'unfinished' } })),
    upgrades(well),
  ],
  [
    'Make room: a kubelet evicts pods, and etcd stops writing, when the disk is full.',
    upgrades(withRoom(2)),
    upgrades(withRoom(3)),
  ],
  [
    'Leave out cert-manager-version.',
    upgrades(seenStack({ rancher: { certManager: { release: undefined, kinds: true, ready: undefined } } }), {
      ...rancher({ certManagerVersion: 'v1.18.2' }),
    }),
    upgrades(seenStack({ rancher: { certManager: { release: undefined, kinds: true, ready: undefined } } })),
  ],
  [
    'Leave out kubernetes-version, or set it to …: the upgrade goes on. To go back, run mode restore.',
    upgrades(mixed, { kubernetesVersion: 'v1.31.10' }),
    upgrades(mixed),
    upgrades(mixed, { kubernetesVersion: 'v1.32.6' }),
  ],
])

type Offered = Parameters<typeof planPath>[2]
const offered: Offered = {
  rancher: ['2.9.3', '2.10.3', '2.11.3'],
  'cert-manager': ['v1.17.2', 'v1.18.2'],
  kubernetes: ['v1.30.14-rancher1-1', 'v1.31.10-rancher1-1', 'v1.32.6-rancher1-1'],
}
/** The path of a Rancher along the minors that are offered. */
const goes =
  (from: string, to: string | undefined, more: Partial<Offered> = {}) =>
  () => {
    const asked: Versions = { rancher: to, kubernetes: undefined, 'cert-manager': undefined }
    const running = { kubernetes: 'v1.30.14-rancher1-1', 'cert-manager': 'v1.16.2', distribution: 'rke' }
    return planPath({ ...running, rancher: from }, asked, { ...offered, ...more })
  }

tries('preflight', [
  [
    'Leave out …; to go back, run mode restore with a snapshot taken before ….',
    goes('2.11.3', '2.10.3'),
    goes('2.11.3', undefined),
  ],
  [
    'Set … to …, or give ….',
    goes('2.10.3', '2.11.9'),
    goes('2.10.3', '2.11.3'),
    goes('2.10.3', '2.11.9', { rancher: ['2.10.3', '2.11.9'] }),
  ],
  ['Give ….', goes('2.9.3', '2.11.3', { rancher: ['2.9.3', '2.11.3'] }), goes('2.9.3', '2.11.3')],
  ['Set … to a version of the same major.', goes('2.10.3', '3.0.1', { rancher: ['3.0.1'] }), goes('2.10.3', '2.11.3')],
])

const rke1: DownstreamFacts = {
  clusters: [{ id: 'c-1', name: 'shop', isRke1: true, kubernetesVersion: 'v1.30.1', notTrue: [] }],
  rke1Templates: [],
}
const asked = (over: Partial<RancherSettings> = {}) => settings({ tls: { source: 'running' }, ...over })
/** What stands against bringing a Rancher to a version, asked of its room alone. */
const brings =
  (facts: RancherFacts, to: string, over: Partial<RancherSettings> = {}) =>
  () =>
    refuseRancherUpgrade(facts, { hostname: HOSTNAME, nodeCount: 3, rancher: to, changes: true }, asked(over))
const withValues = (values: object) => installed({ source: 'rancher' }, { release: release({ values: { ...values } }) })

tries('preflight', [
  [
    'Replace these clusters by RKE2 or K3s and remove their templates first, or stay below Rancher 2.12.',
    brings(installed({ source: 'rancher' }, { downstream: rke1 }), '2.12.3'),
    brings(
      installed(
        { source: 'rancher' },
        { downstream: { clusters: rke1.clusters.map((one) => ({ ...one, isRke1: false })), rke1Templates: [] } },
      ),
      '2.12.3',
    ),
    brings(installed({ source: 'rancher' }, { downstream: rke1 }), '2.11.3'),
  ],
  [
    'Remove addLocal from the values.',
    brings(withValues({ addLocal: true }), '2.11.3'),
    brings(withValues({}), '2.11.3'),
  ],
  [
    'Give its users another global role, then remove restrictedAdmin from the values.',
    brings(withValues({ restrictedAdmin: true }), '2.11.3'),
    brings(withValues({}), '2.11.3'),
  ],
  [
    'Set auditLog.enabled: true in helm-values too.',
    brings(withValues({ auditLog: { level: 1 } }), '2.12.3'),
    brings(withValues({ auditLog: { level: 1 } }), '2.12.3', { helmValues: { auditLog: { enabled: true } } }),
  ],
])

/** What stands against an install over this Rancher. */
const installs =
  (facts: RancherFacts, over: Parameters<typeof wanted>[0] = {}, given: Partial<RancherSettings> = {}) =>
  () =>
    refuseRancher(facts, wanted(over), settings(given))
const foreign = (minutesAgo: number) =>
  installed(
    { source: 'rancher' },
    {
      release: release({
        status: 'pending-upgrade',
        ours: false,
        revision: 2,
        values: {},
        begunAt: new Date(Date.parse('2026-11-23T12:00:00Z') - minutesAgo * 60_000),
      }),
    },
  )

tries('preflight', [
  [
    'Set hostname to …, or make a new stack under another name.',
    installs(installed(), { hostname: 'new.test' }),
    installs(installed()),
  ],
  [
    'Run mode upgrade, or set rancher-version to … or leave it out.',
    installs(installed(), { version: '2.11.2' }, { version: '2.11.2' }),
    installs(installed(), {}, { version: '2.11.3' }),
    installs(installed()),
    upgrades(well, rancher({ version: '2.11.3' })),
  ],
  [
    'Run mode upgrade, or set cert-manager-version to … or leave it out.',
    installs(installed(), {}, { certManagerVersion: 'v1.17.1' }),
    installs(installed(), {}, { certManagerVersion: 'v1.18.2' }),
    installs(installed()),
    upgrades(well, rancher({ certManagerVersion: 'v1.18.2' })),
  ],
  [
    'Give the chart of …….',
    installs(installed(), { pathVersion: '2.11.2', versionFrom: 'running' }),
    installs(installed(), { pathVersion: '2.11.3', versionFrom: 'running' }),
  ],
  [
    'Wait until it ends and run again; if it is dead, a run 15 minutes after its start takes over.',
    installs(foreign(1)),
    installs(installed()),
    installs(foreign(16)),
  ],
])

const values = (helmValues: object, over: Partial<RancherSettings> = {}) =>
  installs({ ...installed(), release: undefined }, {}, { helmValues: { ...helmValues }, ...over })

tries('input', [
  ['Leave it out of helm-values.', values({ replicas: 1 }), values({})],
  [
    'Set the input tls-source, with mode install.',
    values({ ingress: { tls: { source: 'letsEncrypt' } } }),
    values({}, { tls: { source: 'letsEncrypt', email: 'a@example.org' } }),
  ],
  [
    'Set the input bootstrap-password.',
    values({ bootstrapPassword: 'first' }),
    values({}, { bootstrapPassword: 'first' }),
  ],
  ['Set the input tls-ca.', values({ privateCA: true }), values({}, { tls: secret('the authority') })],
])

function secret(ca: string): RancherSettings['tls'] {
  return { source: 'secret', certificate: 'c', privateKey: 'k', ca } as RancherSettings['tls']
}

/** The third machine is off. */
function stopped(): Seen {
  const nodes = well.infrastructure.nodes.map((node, at) => (at === 2 ? { ...node, state: 'stopped' as const } : node))
  return { ...well, infrastructure: { ...well.infrastructure, nodes } }
}

/** A stack whose first node has so many GiB left. */
function withRoom(gib: number): Seen {
  const own = well.cluster.own as RkeFacts
  const nodes = own.nodes.map((node) => ({ ...bareNode(1), ...node, freeBytes: gib * 1024 ** 3 }))
  return seenStack({ cluster: { own: { ...own, nodes } } as Partial<ClusterFacts> })
}
