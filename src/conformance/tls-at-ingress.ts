import { X509Certificate } from 'node:crypto'
import type { V1Secret } from '@kubernetes/client-node'
import type { Host } from '../remote/host.ts'
import type { ConformanceContext } from './context.ts'
import { type Presented, readPresented } from './presented.ts'
import type { Probe, Verdict } from './probe.ts'

export function tlsAtIngress({ client, kube, hosts, hostname, expectedNodes }: ConformanceContext): Probe {
  return {
    id: 'tls-at-ingress',
    sentence: 'TLS on port 443 is ended by the ingress controller, with a valid certificate for the name.',
    deadlineMs: 120_000,
    async ask(signal) {
      const { target } = await client()
      const { address, ca, ports } = target
      const at = { hostname, ca, signal }
      const [expected, served, ...nodes] = await Promise.all([
        kube().then((cluster) => cluster.get<V1Secret>(INGRESS_SECRET)),
        outcome(readPresented({ ...at, address, port: ports?.https ?? 443 })),
        ...expectedNodes.map(async (name) => {
          const host = hosts.get(name)
          if (host === undefined) return { name, presented: new Error('does not answer') }
          return { name, presented: await outcome(presentedBy(host, at)) }
        }),
      ])
      return judgeTls({ expected: fingerprintOf(expected), served, nodes, now: new Date() })
    },
  }
}

const INGRESS_SECRET = { apiVersion: 'v1', kind: 'Secret', namespace: 'cattle-system', name: 'tls-rancher-ingress' }
const DAY_MS = 86_400_000

export type Seen = {
  /** Fingerprint of the certificate the ingress controller was given; undefined when there is none. */
  expected: string | undefined
  /** What the load balancer's users see, or why nothing was seen. */
  served: Presented | Error
  nodes: { name: string; presented: Presented | Error }[]
  now: Date
}

/** That each node itself presents the ingress' certificate shows that nothing before it ends TLS. */
export function judgeTls({ expected, served, nodes, now }: Seen): Verdict {
  if (served instanceof Error) return { ok: false, evidence: `through the load balancer: ${served.message}` }
  const days = Math.floor((served.validTo.getTime() - now.getTime()) / DAY_MS)
  const problems = [
    ...(expected === undefined ? ['Secret tls-rancher-ingress holds no certificate'] : []),
    ...(expected !== undefined && served.fingerprint !== expected ? ['not the certificate of the ingress'] : []),
    ...(served.fitsName ? [] : ['not made out to the host name']),
    ...(served.validTo <= now ? [`expired ${served.validTo.toISOString()}`] : []),
    ...(served.validFrom > now ? [`valid only from ${served.validFrom.toISOString()}`] : []),
    ...(served.distrust === undefined ? [] : [`not signed by a CA that is known here (${served.distrust})`]),
    ...nodes.flatMap(({ name, presented }) => {
      if (presented instanceof Error) return [`${name}: ${presented.message}`]
      return presented.fingerprint === served.fingerprint ? [] : [`${name} presents another certificate`]
    }),
  ]
  const certificate = `${served.subject}, SHA-256 ${served.fingerprint.slice(0, 23)}…`
  if (problems.length > 0) return { ok: false, evidence: [certificate, ...problems].join('; ') }
  return { ok: true, evidence: `${certificate}, ${days} days left, presented by ${nodes.length} nodes themselves` }
}

/** Through the node's own SSH connection: port 443 of a node need not be open to the runner. */
async function presentedBy(
  host: Host,
  at: { hostname: string; ca: string | undefined; signal: AbortSignal },
): Promise<Presented> {
  await using forward = await host.forward(host.node.privateAddress, 443)
  return await readPresented({ ...at, address: '127.0.0.1', port: forward.port })
}

function fingerprintOf(secret: V1Secret | undefined): string | undefined {
  const pem = secret?.data?.['tls.crt']
  if (pem === undefined) return undefined
  try {
    return new X509Certificate(Buffer.from(pem, 'base64')).fingerprint256
  } catch {
    return undefined
  }
}

async function outcome(asked: Promise<Presented>): Promise<Presented | Error> {
  try {
    return await asked
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}
