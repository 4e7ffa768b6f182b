import type { Refusal } from '../../errors.ts'
import type { LocalContext } from './context.ts'
import type { DockerFacts } from './docker.ts'
import { isOurs, LABELS, type Labels } from './names.ts'

/** What carries our stack's name but not our owner, or a name of ours but not our labels. */
export function refuseForeign(seen: DockerFacts, { stack, names }: LocalContext): Refusal[] {
  const all = [
    ...seen.containers.map((resource) => ({ ...resource, kind: 'container' })),
    ...seen.volumes.map((resource) => ({ ...resource, kind: 'volume' })),
    ...seen.networks.map((resource) => ({ ...resource, kind: 'network' })),
  ]
  const foreign = all.filter(({ labels }) => !isOurs(labels, stack))
  const squatters = foreign.filter(({ name }) => name === names.network || names.machine(name) !== undefined)
  return [
    ...otherOwners(foreign, stack.name),
    ...squatters.map(({ kind, name }) => ({
      kind: 'preflight' as const,
      subject: `${kind} ${name}`,
      what: 'has a name of this stack, but not its labels: it was made by something else.',
      next: `Remove the ${kind}, if nobody needs it, or choose another \`name\`.`,
    })),
  ]
}

function otherOwners(foreign: { labels: Labels }[], stack: string): Refusal[] {
  const owners = new Map(
    foreign
      .filter(({ labels }) => labels[LABELS.stack] === stack)
      .map(({ labels }) => [labels[LABELS.owner] ?? '', labels[LABELS.ownerName] ?? '']),
  )
  return [...owners].map(([owner, ownerName]) => ({
    kind: 'preflight',
    subject: `stack ${stack}`,
    what: `stands on this machine already and belongs to ${ownerName || 'an unnamed owner'} (${owner || 'no id'}).`,
    next: 'Choose another `name`, or let that owner destroy its stack.',
  }))
}

/** A line of somebody else would make the name resolve to a second place. */
export function refuseName(hostname: string, addresses: string[]): Refusal[] {
  if (addresses.length === 0) return []
  return [
    {
      kind: 'preflight',
      subject: 'hostname',
      what: `${hostname} stands in the hosts file of this machine already, with ${addresses.join(', ')}.`,
      next: 'Remove that line, or choose another `hostname`.',
    },
  ]
}
