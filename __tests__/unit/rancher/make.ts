import { gzipSync } from 'node:zlib'
import type { V1Secret } from '@kubernetes/client-node'
import { noRancher, type RancherFacts, type WantedRancher } from '../../../src/rancher/facts.ts'
import type { ReleaseFacts } from '../../../src/rancher/release.ts'
import { renderValues } from '../../../src/rancher/values.ts'
import type { RancherSettings, TlsSettings } from '../../../src/settings.ts'

export const HOSTNAME = 'rancher.example.test'
export const NOW = new Date('2026-11-23T12:00:00Z')

export function settings(over: Partial<RancherSettings> = {}): RancherSettings {
  return {
    version: undefined,
    chart: 'stable',
    certManagerVersion: undefined,
    helmValues: {},
    bootstrapPassword: undefined,
    token: undefined,
    tls: { source: 'rancher' },
    ...over,
  }
}

export function wanted(over: Partial<WantedRancher> = {}): WantedRancher {
  return {
    hostname: HOSTNAME,
    nodeCount: 3,
    kubernetesVersion: 'v1.32.6-rancher1-1',
    distribution: 'rke',
    helmVersion: 'v3.18.6',
    version: '2.11.3',
    versionFrom: 'tested',
    pathVersion: undefined,
    certManagerVersion: 'v1.18.2',
    ...over,
  }
}

/** Nothing of Rancher is there. */
export function bare(over: Partial<RancherFacts> = {}): RancherFacts {
  return { ...noRancher(NOW), ...over }
}

export function release(over: Partial<ReleaseFacts> = {}): ReleaseFacts {
  return {
    revision: 1,
    status: 'deployed',
    chart: 'rancher',
    chartVersion: '2.11.3',
    values: {},
    begunAt: NOW,
    operation: 'one',
    secret: 'sh.helm.release.v1.rancher.v1',
    ours: true,
    deployed: { revision: 1, chartVersion: '2.11.3' },
    ...over,
  }
}

/** What stands after an install with the given certificate source went well. */
export function installed(tls: TlsSettings = { source: 'rancher' }, over: Partial<RancherFacts> = {}): RancherFacts {
  const values = renderValues({ hostname: HOSTNAME, nodeCount: 3, bootstrapPassword: undefined, tls })
  return bare({
    release: release({ values }),
    deployment: { replicas: 3, ready: 3, updated: 3, observed: true, image: 'rancher/rancher:v2.11.3' },
    bootstrapSecret: true,
    serverUrl: `https://${HOSTNAME}`,
    firstLogin: true,
    certManager: {
      release: release({
        chart: 'cert-manager',
        chartVersion: 'v1.18.2',
        deployed: { revision: 1, chartVersion: 'v1.18.2' },
      }),
      kinds: true,
      ready: { ready: 3, wanted: 3 },
    },
    ...over,
  })
}

type Revision = { revision: number; status: string; version?: string; label?: string; values?: object }

/** A release's Secret as Helm writes it. */
export function releaseSecret({ revision, status, version = '2.11.3', label, values = {} }: Revision): V1Secret {
  const kept = {
    name: 'rancher',
    version: revision,
    info: { status, last_deployed: NOW.toISOString() },
    chart: { metadata: { name: 'rancher', version } },
    config: values,
  }
  const packed = gzipSync(JSON.stringify(kept)).toString('base64')
  const own = { owner: 'helm', name: 'rancher', status, version: String(revision) }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: `sh.helm.release.v1.rancher.v${revision}`,
      namespace: 'cattle-system',
      labels: label === undefined ? own : { ...own, 'rancher-ha/operation': label },
    },
    data: { release: Buffer.from(packed).toString('base64') },
  }
}
