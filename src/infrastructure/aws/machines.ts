import type { AwsFindings, Instance } from './findings.ts'
import type { SeenInstance } from './instances.ts'
import { byNumber } from './names.ts'
import { TAGS } from './tags.ts'

/** `twins`: finished machines whose name another finished one has. */
export type Machines = Pick<AwsFindings, 'instances' | 'strays' | 'ended'> & { twins: Instance[] }

/** Of two live machines with one name, one that was never finished is a stray of an interrupted run. */
export function sortMachines(seen: SeenInstance[]): Machines {
  const machines: Machines = { instances: [], strays: [], ended: {}, twins: [] }
  const isLive = (one: SeenInstance): one is Instance => !['shutting-down', 'terminated'].includes(one.state)
  for (const { id, name } of seen.filter((one) => !isLive(one))) {
    machines.ended[name] = [...(machines.ended[name] ?? []), id].sort()
  }
  const further = (a: Instance, b: Instance) =>
    Number(b.tags[TAGS.hostKey] !== undefined) - Number(a.tags[TAGS.hostKey] !== undefined) ||
    (a.launchedAt < b.launchedAt ? -1 : 1)
  for (const instance of seen.filter(isLive).sort(further)) {
    const isFirst = machines.instances.every(({ name }) => name !== instance.name)
    if (isFirst) machines.instances.push(instance)
    else if (instance.tags[TAGS.hostKey] === undefined) machines.strays.push(instance)
    else machines.twins.push(instance)
  }
  machines.instances.sort(byNumber)
  return machines
}
