import type { Step } from '../../steps.ts'
import type { InfrastructureFacts } from '../infrastructure.ts'
import type { AwsChange } from './changes.ts'
import { findingsOf, step } from './plan.ts'

/**
 * The steps that leave nothing of ours, as a graph: whatever nothing waits for goes at once. The group of the nodes goes
 * last: it is what remembers the cluster.
 */
export function planAwsDestroy(facts: InfrastructureFacts): Step[] {
  const { balancer, groups, instances, strays, targetGroups, record } = findingsOf(facts)
  const steps: Step[] = []
  const alias = record.found.find((one) => one.ours && one.type === 'A')
  if (alias !== undefined && record.zone !== undefined) {
    const { hostname, zone } = record
    const place = { hostname, zone: zone.id, target: alias.target ?? '', targetZone: alias.targetZone ?? '' }
    steps.push(step('remove-name', `Remove the record ${hostname}`, 5, { kind: 'remove-name', ...place }))
  }
  if (balancer !== undefined) {
    const change: AwsChange = { kind: 'remove-balancer', arn: balancer.arn }
    steps.push(step('remove-balancer', 'Remove the load balancer', 10, change, idsOf(steps)))
  }
  const afterBalancer = steps.filter(({ id }) => id === 'remove-balancer').map(({ id }) => id)
  for (const { arn, port } of targetGroups) {
    const title = `Remove the target group of port ${port}`
    steps.push(step(`remove-target-${port}`, title, 10, { kind: 'remove-target', arn }, afterBalancer))
  }
  for (const { id, name } of instances) {
    steps.push(step(`remove-${name}`, `Remove ${name}`, 15, { kind: 'remove-node', id }))
  }
  for (const { id, name } of strays) {
    steps.push(step(`remove-${id}`, `Remove ${id}, a second ${name}`, 15, { kind: 'remove-node', id }))
  }
  if (groups.balancer !== undefined) {
    const change: AwsChange = { kind: 'remove-group', id: groups.balancer.id }
    const title = 'Remove the security group of the load balancer'
    steps.push(step('remove-group-balancer', title, 20, change, afterBalancer))
  }
  if (groups.nodes !== undefined) {
    const change: AwsChange = { kind: 'remove-group', id: groups.nodes.id }
    steps.push(step('remove-group-nodes', 'Remove the security group of the nodes', 20, change, idsOf(steps)))
  }
  return steps
}

/** Takes away the machines of nodes that were too many. The load balancer forwards nothing to them any more. */
export function planAwsRetire(facts: InfrastructureFacts): Step[] {
  const { surplus = [] } = facts
  return findingsOf(facts)
    .instances.filter(({ name }) => surplus.includes(name))
    .map(({ id, name }) =>
      step(`retire-${name}`, `Remove ${name}, which is no longer asked for`, 15, { kind: 'remove-node', id }),
    )
}

function idsOf(steps: Step[]): string[] {
  return steps.map(({ id }) => id)
}
