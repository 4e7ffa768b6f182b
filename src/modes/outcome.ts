import type { Report } from '../report/report.ts'
import type { Seen } from './seen.ts'

/** Outputs that say what stands, each set as soon as it is known, and what is to be known of it. */
export function tellStack(report: Report, seen: Seen, hostname: string | undefined): void {
  const { infrastructure, cluster, rancher } = seen
  const nodes = infrastructure.nodes.map(({ name, address, privateAddress, state }) => {
    const ready = cluster.nodes.find((node) => node.name === name)?.ready ?? false
    return { name, address, privateAddress, state, ready }
  })
  report.output('nodes', JSON.stringify(nodes))
  if (infrastructure.loadBalancer !== undefined) report.output('load-balancer', infrastructure.loadBalancer.address)
  if (infrastructure.expires !== undefined) report.output('expires', infrastructure.expires)
  if (hostname !== undefined) report.output('rancher-url', `https://${hostname}`)
  if (cluster.version !== undefined) report.output('kubernetes-version', cluster.version)
  if (cluster.uid !== undefined) report.output('cluster-uid', cluster.uid)
  const version = rancher.release?.deployed?.chartVersion
  if (version !== undefined) report.output('rancher-version', version)
  for (const note of infrastructure.notes ?? []) report.warning(note)
}
