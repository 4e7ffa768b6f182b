import type { Refusal } from '../../../src/errors.ts'
import type { ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import { createRke } from '../../../src/kubernetes/rke/rke.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import type { RancherFacts } from '../../../src/rancher/facts.ts'
import { createRancher } from '../../../src/rancher/rancher.ts'
import type { Report } from '../../../src/report/report.ts'
import type { UpgradeRun } from '../../../src/run.ts'
import type { UpgradeSettings } from '../../../src/settings.ts'
import { fakeHost, fakeHosts } from '../../fakes/host.ts'
import { healthyFacts, nodeOf, wantedOf } from '../kubernetes/rke/world.ts'
import { HOSTNAME, installed, settings as rancherSettings, release } from '../rancher/make.ts'
import { makeSettings, STACK } from '../snapshots/make.ts'

const OLD = 'v1.31.10-rancher1-1'
export const NOW = new Date('2026-11-23T12:00:00Z')

/** A stack of three that is well: Kubernetes 1.31, Rancher 2.10, cert-manager 1.17. */
export function seenStack(over: { cluster?: Partial<ClusterFacts>; rancher?: Partial<RancherFacts> } = {}): Seen {
  const healthy = healthyFacts(wantedOf(3, { hostname: HOSTNAME }))
  const asked = { ...healthy.asked, hostname: HOSTNAME, kubernetesVersion: OLD, rancherVersion: '2.10.3' }
  const facts = installed()
  const cluster = {
    ...healthy,
    version: OLD,
    nodes: healthy.nodes.map((node) => ({ ...node, version: 'v1.31.10', apiVersion: 'v1.31.10' })),
    asked: asked as ClusterFacts['asked'],
    ...over.cluster,
  }
  const rancher = {
    ...facts,
    release: release({
      chartVersion: '2.10.3',
      deployed: { revision: 1, chartVersion: '2.10.3' },
      values: facts.release?.values ?? {},
    }),
    certManager: {
      ...facts.certManager,
      release: release({ chartVersion: 'v1.17.2', deployed: { revision: 1, chartVersion: 'v1.17.2' } }),
    },
    ...over.rancher,
  }
  return {
    infrastructure: {
      nodes: [1, 2, 3].map(nodeOf),
      loadBalancer: { address: '10.0.0.9', targets: [], serving: true },
      name: { hostname: HOSTNAME, addresses: [] },
      memory: { clusterUid: 'uid-1', hostname: HOSTNAME },
      refusals: [],
      owned: [],
    },
    cluster,
    rancher,
  }
}

export function upgradeSettings(given: Partial<UpgradeSettings> = {}): UpgradeSettings {
  return {
    mode: 'upgrade',
    stack: STACK,
    run: { id: '1', attempt: 1 },
    provider: { kind: 'local', image: undefined },
    tools: { bundle: undefined, mirror: undefined, rkeVersion: undefined, helmVersion: undefined },
    hostname: undefined,
    nodeCount: undefined,
    kubernetesVersion: undefined,
    rkeConfig: {},
    registryCredentials: [],
    rancher: rancherSettings({ tls: { source: 'running' } }),
    snapshots: makeSettings({ places: [{ kind: 'file', folder: '/kept' }] }),
    verify: 'restore',
    restoreWindowMs: 3_600_000,
    onFailure: 'restore',
    dryRun: false,
    expectedPlan: undefined,
    ...given,
  } as UpgradeSettings
}

export const offered = {
  kubernetes: ['v1.30.14-rancher1-1', OLD, 'v1.32.6-rancher1-1'],
  rancher: ['2.10.3', '2.11.1', '2.11.3'],
  'cert-manager': ['v1.17.2', 'v1.18.2'],
}

/** The mode's surroundings: rke's and Rancher's own decisions, over facts that are given. Whoever offers is told apart. */
export function upgradeWorld(seen: Seen, given: Partial<UpgradeSettings> = {}, chartRefusals: Refusal[] = []) {
  const settings = upgradeSettings(given)
  const never = async () => await Promise.reject(new Error('nobody may ask for this'))
  const asked: string[] = []
  const told = { lines: [] as string[], warnings: [] as string[], tables: [] as string[], plans: [] as string[] }
  const rke = createRke({
    stack: STACK,
    run: settings.run,
    rkeBinary: never,
    keyFiles: never,
    folder: '',
    log: () => {},
  })
  const rancher = createRancher({
    settings: settings.rancher,
    hostname: '',
    nodeCount: 0,
    loadBalancer: () => '',
    helmBinary: never,
    folder: '',
    mask: () => {},
    log: () => {},
  })
  const stack = {
    infrastructure: {},
    distribution: {
      ...rke,
      offers: async () => {
        asked.push('rke')
        return offered.kubernetes
      },
      refuseSnapshot: async () => [],
    },
    rancher: {
      ...rancher,
      offers: async (chart: 'rancher' | 'cert-manager') => {
        asked.push(chart)
        return offered[chart]
      },
      tryUpgrade: async (_facts: RancherFacts, version: string, kubernetes: string) => {
        asked.push(`chart ${version} on ${kubernetes}`)
        return chartRefusals
      },
    },
    tools: { preflight: async () => [], origins: () => [], images: async () => [], etcd: async () => ({}) },
    hosts: fakeHosts([1, 2, 3].map((number) => fakeHost(nodeOf(number)))),
    inspect: async () => seen,
    [Symbol.asyncDispose]: async () => {},
  } as unknown as Stack
  const report = {
    step: async (_title: string, work: () => Promise<unknown>) => await work(),
    line: (text: string) => void told.lines.push(text),
    waitingFor: () => {},
    warning: (text: string) => void told.warnings.push(text),
    table: ({ title }: { title: string }) => void told.tables.push(title),
    tools: () => {},
    output: () => {},
    plan: (_steps: unknown, digest: string) => void told.plans.push(digest),
  } as unknown as Report
  const { signal } = new AbortController()
  const run = { settings, report, signal, clock: { now: () => NOW.getTime() } } as unknown as UpgradeRun
  return { run, stack, settings, asked, told }
}
