import type { Refusal } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import type { Balancer, Group, Instance, Place } from './findings.ts'
import { isOurs, TAGS } from './tags.ts'
import { refuse } from './where.ts'

/** Another owner has a stack of this name here; ours stands in another network; or its life cannot become what is asked. */
export function refuseGroups(
  groups: (Group & { name: string })[],
  place: Place | undefined,
  context: AwsContext,
): Refusal[] {
  const { stack, names, settings } = context
  const others = new Map(
    groups
      .filter(({ tags }) => !isOurs(tags, stack))
      .map(({ tags }) => [tags[TAGS.owner] ?? '', tags[TAGS.ownerName] ?? '']),
  )
  const foreign = [...others].map(([owner, ownerName]) => {
    const what = `stands in this account and region already and belongs to ${ownerName || 'an unnamed owner'} (${owner || 'no id'}).`
    return refuse(`stack ${stack.name}`, what, 'Choose another `name`, or let that owner destroy its stack.')
  })
  const ours = groups.filter(({ tags }) => isOurs(tags, stack))
  const nodes = ours.find(({ name }) => name === names.nodesGroup)
  const astray = ours.filter(({ vpc }) => place !== undefined && vpc !== place.vpc)
  const moved = astray.map(({ id, vpc }) => {
    const next = `Set aws-vpc to ${vpc}, or destroy the stack first.`
    return refuse('aws-vpc', `the stack stands in ${vpc} (${id}), not in ${place?.vpc}.`, next)
  })
  const mortal =
    nodes !== undefined && nodes.tags[TAGS.expires] === undefined && settings.ttlMs !== undefined
      ? [
          refuse(
            'ttl',
            'the stack was made without a time to live and is protected.',
            'Leave ttl out, or destroy the stack first.',
          ),
        ]
      : []
  return [...foreign, ...moved, ...mortal]
}

/** What a load balancer can never change. */
export function refuseBalancer(balancer: Balancer | undefined, { stack, names, settings }: AwsContext): Refusal[] {
  if (balancer === undefined) return []
  if (!isOurs(balancer.tags, stack)) {
    const what = 'has the name of this stack, but not its tags: it was made by something else.'
    const next = 'Remove it if nobody needs it, or choose another `name`.'
    return [refuse(`load balancer ${names.balancer}`, what, next)]
  }
  const next = 'Remove that load balancer: the next install makes it anew, under another address.'
  const refusals: Refusal[] = []
  if (balancer.scheme !== settings.loadBalancerScheme) {
    const what = `the load balancer is ${balancer.scheme} and cannot become ${settings.loadBalancerScheme}.`
    refusals.push(refuse('load-balancer-scheme', what, `Set it to ${balancer.scheme}. ${next}`))
  }
  if (balancer.groups.length === 0) {
    const what = 'has no security group, and can never get one.'
    refusals.push(refuse(`load balancer ${names.balancer}`, what, next))
  }
  return refusals
}

/** Two finished machines with one name: which of them etcd knows cannot be seen from here. */
export function refuseTwins(twins: Instance[]): Refusal[] {
  return twins.map(({ id, name }) =>
    refuse(name, `a second machine, ${id}, carries this name.`, 'Terminate the one that is not a member of etcd.'),
  )
}
