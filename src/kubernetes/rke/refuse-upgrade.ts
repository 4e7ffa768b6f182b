import type { Refusal } from '../../errors.ts'
import type { ClusterFacts, WantedCluster } from '../distribution.ts'
import { refuseConfig } from './cluster-yml.ts'
import { hasPlane, type NodeFacts, own } from './facts.ts'
import { foundStates } from './found-states.ts'
import { refuseMachines, unreached } from './refuse.ts'
import { refuseState } from './refuse-state.ts'
import { chooseState } from './state.ts'
import { upgradingOf } from './survivors.ts'

/** Images of one more Kubernetes, unpacked, beside those that run; a kubelet evicts below a tenth free. */
const FREE_TO_UPGRADE = 3 * 1024 ** 3

/**
 * Everything the facts forbid of an upgrade, at once. A node in the middle of an upgrade that was ended may be not Ready
 * or not a member for a moment: what is half-done is gone on with as long as etcd has its quorum.
 */
export function refuseUpgrade(facts: ClusterFacts, wanted: WantedCluster): Refusal[] {
  const names = wanted.nodes.map(({ name }) => name)
  const nodes = own(facts).nodes.filter(({ name }) => names.includes(name))
  return [
    ...refuseConfig(wanted.config),
    ...own(facts)
      .unreached.filter(({ name }) => names.includes(name))
      .map(({ name, why }) => unreached(name, why)),
    ...refuseMachines(nodes, (node) => !hasPlane(node)),
    ...refuseState(facts, wanted),
    ...(isUnfinished(facts) || upgradingOf(facts) !== undefined
      ? []
      : [...refuseNotReady(facts, names), ...refuseEtcd(facts, names)]),
    ...nodes.flatMap(refuseDisk),
  ]
}

/** Whether an upgrade, or another change, was begun and not finished. */
export function isUnfinished(facts: ClusterFacts): boolean {
  if (facts.state !== 'running') return false
  const choice = chooseState(foundStates(facts), own(facts).runningCa)
  if ('state' in choice && choice.state.phase === 'pending') return true
  return (
    new Set(
      facts.nodes.flatMap(({ version, apiVersion }) => (apiVersion === undefined ? [version] : [version, apiVersion])),
    ).size > 1
  )
}

function refuseNotReady({ nodes, state }: ClusterFacts, names: string[]): Refusal[] {
  if (state !== 'running') return []
  return names
    .filter((name) => nodes.find((node) => node.name === name)?.ready !== true)
    .map((name) => ({
      kind: 'preflight',
      subject: name,
      what: 'is not Ready, and an upgrade takes one node after the other from those that are',
      next: 'Run mode install with the inputs of the stack: it brings back what is missing. Then upgrade.',
    }))
}

/** A member that is not healthy leaves no room for the one that is being upgraded. */
function refuseEtcd({ etcd, state }: ClusterFacts, names: string[]): Refusal[] {
  if (state !== 'running') return []
  const next = 'Run mode install with the inputs of the stack: it joins the member anew. Then upgrade.'
  const whole = names.toSorted().join(', ')
  return names.flatMap((name): Refusal[] => {
    const member = etcd.find(({ node }) => node === name)
    const refuse = (what: string): Refusal[] => [{ kind: 'preflight', subject: `etcd on ${name}`, what, next }]
    if (member === undefined) return refuse('does not run')
    if (!member.healthy) return refuse(`is not healthy: ${member.problem ?? 'it does not answer'}`)
    const knows = member.knows.toSorted().join(', ')
    return knows === whole ? [] : refuse(`knows the members ${knows}, expected ${whole}`)
  })
}

function refuseDisk({ name, freeBytes }: NodeFacts): Refusal[] {
  if (freeBytes >= FREE_TO_UPGRADE) return []
  const free = (freeBytes / 1024 ** 3).toFixed(1)
  return [
    {
      kind: 'preflight',
      subject: name,
      what: `expected 3.0 GiB free below /var/lib for the images of an upgrade, got ${free} GiB`,
      next: 'Make room: a kubelet evicts pods, and etcd stops writing, when the disk is full.',
    },
  ]
}
