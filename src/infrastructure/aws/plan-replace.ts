import type { InfrastructureFacts, Replacement } from '../infrastructure.ts'
import type { AwsChange } from './changes.ts'
import type { AwsFindings, Instance, Unlike } from './findings.ts'
import { byNumber, nodeNames } from './names.ts'
import { attemptsFor, findingsOf, mendSteps, NODE_MINUTES, step } from './plan.ts'
import { swapOf } from './swap.ts'

/** A machine that stands when its turn comes. */
type Standing = { name: string; zone: string }

/**
 * One node after the other, first the one that was begun. The new machine gets the first name that is free, so the names
 * of a stack stay within its size and one more; it stands where the old one does, if its type is to be had there.
 */
export function planAwsReplace(facts: InfrastructureFacts): Replacement[] {
  const own = findingsOf(facts)
  const begun = swapOf(own.instances)
  const planned: Replacement[] = []
  let standing: Standing[] = own.instances.map(({ name, zone }) => ({ name, zone }))
  if (begun !== undefined) {
    planned.push(
      replacement(
        own,
        begun.old,
        begun.by,
        { standing, make: mendSteps(own, begun.by) },
        begun.isGivenUp ? 'given-up' : 'begun',
      ),
    )
    standing = standing.filter(({ name }) => name !== begun.old.name)
  }
  for (const unlike of own.renewal.unlike) {
    const old = own.instances.find(({ name }) => name === unlike.node)
    if (old === undefined || old === begun?.old) continue
    const name = nodeNames(standing.length + 1).find((free) => standing.every((one) => one.name !== free)) ?? ''
    const made = create(own, { old, name, unlike, standing })
    if (made === undefined) continue
    standing = [...standing, { name, zone: made.zone }]
    planned.push({ ...replacement(own, old, { name }, { standing, make: [made.step] }), changes: unlike.changes })
    standing = standing.filter((one) => one.name !== old.name)
  }
  return planned
}

function create(
  own: AwsFindings,
  { old, name, unlike, standing }: { old: Instance; name: string; unlike: Unlike; standing: Standing[] },
) {
  const { place } = own.renewal
  const { mould, diskGib, changes } = unlike
  if (place === undefined || mould === undefined) return undefined
  const others = standing.filter((one) => one.name !== old.name)
  const attempts = attemptsFor(
    place,
    mould,
    others.map(({ zone }) => zone),
  )
  // Who had the name before will have ended by then.
  const before = own.instances.filter((one) => one.name === name).map(({ id }) => id)
  const ended = [...(own.ended[name] ?? []), ...before]
  const change: AwsChange = { kind: 'create-node', node: name, image: mould.image, attempts, ended, replaces: old.id }
  const title = `Create ${name}, which is to replace ${old.name} (${changes.join(', ')})`
  return {
    zone: attempts[0]?.subnet.zone ?? '',
    step: step(`create-${name}-for-${old.name}`, title, NODE_MINUTES, { ...change, ...(diskGib > 0 && { diskGib }) }),
  }
}

function replacement(
  { targetGroups }: AwsFindings,
  old: Instance,
  by: { name: string },
  { standing, make }: { standing: Standing[]; make: Replacement['make'] },
  state: Replacement['state'] = 'to-come',
): Replacement {
  const both = standing.toSorted(byNumber).map(({ name }) => name)
  const staying = both.filter((name) => name !== old.name)
  const ports = targetGroups.map(({ port }) => port)
  const forwardTo = (nodes: string[], why: string) =>
    ports.map((port) =>
      step(`set-targets-${port}-${why}`, `Forward port ${port} to ${nodes.join(', ')}`, 5, {
        kind: 'set-targets',
        port,
        nodes,
      }),
    )
  const mark = `Say that ${old.name} goes, and ${by.name} stays`
  const remove = `Remove ${old.name}, which ${by.name} has replaced`
  return {
    node: old.name,
    by: by.name,
    changes: [],
    state,
    both,
    staying,
    make,
    forward: forwardTo(both, `with-${by.name}`),
    giveUp: [
      ...(state === 'given-up'
        ? []
        : [step(`give-up-${old.name}`, mark, 2, { kind: 'give-up', node: old.name, by: by.name })]),
      ...forwardTo(staying, `without-${old.name}`),
    ],
    remove: [step(`retire-${old.name}`, remove, 15, { kind: 'remove-node', id: old.id })],
  }
}
