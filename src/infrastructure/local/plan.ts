import { StackError } from '../../errors.ts'
import type { Change, Step } from '../../steps.ts'
import type { InfrastructureFacts, WantedInfrastructure } from '../infrastructure.ts'
import type { LocalChange } from './changes.ts'
import type { LocalFindings } from './findings.ts'
import { renderHaproxy } from './haproxy.ts'
import { BALANCER, nodeNames } from './names.ts'
import { addressOf } from './subnet.ts'

const MINUTE_MS = 60_000
const NETWORK = 'create-network'
const IMAGE = 'build-image'
const CREATE_BALANCER = 'create-balancer'

/**
 * From what stands to what is wanted. The nodes need the network, the image and the stack's key, which the balancer's
 * machine keeps; then they are made together. Nodes beyond the wanted count stay, and stay balanced.
 */
export function planLocal(facts: InfrastructureFacts, wanted: WantedInfrastructure): Step[] {
  const own = findingsOf(facts)
  const steps = [
    ...planGround(own),
    ...planBalancer(facts, own, wanted),
    ...planNodes(own, wanted),
    ...planName(own, wanted),
  ]
  const planned = new Set(steps.map(({ id }) => id))
  return steps.map((step) => ({ ...step, needs: step.needs.filter((id) => planned.has(id)) }))
}

export function findingsOf({ own }: InfrastructureFacts): LocalFindings {
  if (own === undefined) throw new StackError('bug', 'The facts of provider local lack its findings.')
  return own as LocalFindings
}

function planGround({ image, network }: LocalFindings): Step[] {
  const steps: Step[] = []
  if (!image.here && image.built) {
    const change: LocalChange = { kind: 'build-image', image: image.name }
    steps.push(step(IMAGE, 'Build the image of the machines', 20 * MINUTE_MS, change))
  }
  if (!network.here) {
    const change: LocalChange = { kind: 'create-network', subnet: network.subnet }
    steps.push(step(NETWORK, `Create the network ${network.subnet}`, MINUTE_MS, change))
  }
  return steps
}

function planBalancer(facts: InfrastructureFacts, own: LocalFindings, { nodeCount }: WantedInfrastructure): Step[] {
  const { balancer, nodes } = own
  const standing = nodes.filter(({ container }) => container !== 'missing').map(({ name }) => name)
  const names = [...new Set([...nodeNames(nodeCount), ...standing])]
  const targets = names.map((name) => ({ name, address: nodeAddress(own, name) }))
  const config = renderHaproxy(targets)
  const steps: Step[] = []
  if (balancer.container !== 'running' || balancer.publicKey === undefined) {
    const title = balancer.container === 'stopped' ? 'Start the load balancer' : 'Create the load balancer'
    const change: LocalChange = { kind: 'create-balancer', address: balancer.address }
    steps.push(step(CREATE_BALANCER, title, 5 * MINUTE_MS, change, [IMAGE, NETWORK]))
  }
  const forwards = new Set(facts.loadBalancer?.targets)
  const isRight = facts.loadBalancer?.serving === true && targets.every(({ address }) => forwards.has(address))
  if (!isRight || balancer.config !== config) {
    const title = `Balance ${names.join(', ')}`
    steps.push(step('update-balancer', title, 5 * MINUTE_MS, { kind: 'update-balancer', config }, [CREATE_BALANCER]))
  }
  return steps
}

function planNodes(own: LocalFindings, { nodeCount }: WantedInfrastructure): Step[] {
  const wanted = nodeNames(nodeCount)
  const surplus = own.nodes.map(({ name }) => name).filter((name) => !wanted.includes(name))
  return [...wanted, ...surplus].flatMap((name) => {
    const node = own.nodes.find((candidate) => candidate.name === name)
    const isSurplus = !wanted.includes(name)
    const verb = verbFor(node, own.balancer.publicKey)
    if (verb === undefined || (isSurplus && verb !== 'Finish')) return []
    const kind = verb === 'Start' ? 'start-node' : 'create-node'
    const change: LocalChange = { kind, node: name, address: nodeAddress(own, name) }
    const title = `${verb} ${name}`
    return [step(`${verb.toLowerCase()}-${name}`, title, 5 * MINUTE_MS, change, [IMAGE, NETWORK, CREATE_BALANCER])]
  })
}

/** Where a node is; where it will be, when it is still to be made. */
function nodeAddress({ network, nodes }: LocalFindings, name: string): string {
  return nodes.find((node) => node.name === name)?.address ?? addressOf(network.subnet, name)
}

/** A new key of the stack is let in by nodes that stand, too. */
function verbFor(node: LocalFindings['nodes'][number] | undefined, publicKey: string | undefined) {
  if (node === undefined || node.container === 'missing') return 'Create'
  if (node.container === 'stopped') return 'Start'
  if (node.container === 'created' || !node.keyed || publicKey === undefined) return 'Finish'
  return undefined
}

function planName({ balancer, entry }: LocalFindings, { hostname }: WantedInfrastructure): Step[] {
  if (entry?.address === balancer.address && entry.hostname === hostname) return []
  const change: LocalChange = { kind: 'set-name', hostname, address: balancer.address }
  return [step('set-name', `Let ${hostname} resolve to ${balancer.address}`, MINUTE_MS, change, [CREATE_BALANCER])]
}

/** The steps that leave nothing of ours; what remembers the cluster goes after the nodes. The built image stays. */
export function planLocalDestroy(facts: InfrastructureFacts): Step[] {
  const { balancer, entry, network, nodes } = findingsOf(facts)
  const steps: Step[] = []
  if (entry !== undefined) {
    steps.push(step('remove-name', `Remove the name ${entry.hostname}`, MINUTE_MS, { kind: 'remove-name' }))
  }
  for (const { name } of nodes) {
    steps.push(step(`remove-${name}`, `Remove ${name}`, 2 * MINUTE_MS, { kind: 'remove-machine', machine: name }))
  }
  if (balancer.container !== 'missing' || balancer.volume) {
    const change: LocalChange = { kind: 'remove-machine', machine: BALANCER }
    steps.push(step('remove-balancer', 'Remove the load balancer', 2 * MINUTE_MS, change, idsOf(steps)))
  }
  if (network.here) {
    steps.push(step('remove-network', 'Remove the network', MINUTE_MS, { kind: 'remove-network' }, idsOf(steps)))
  }
  return steps
}

function idsOf(steps: Step[]): string[] {
  return steps.map(({ id }) => id)
}

function step(id: string, title: string, deadlineMs: number, change: LocalChange, needs: string[] = []): Step {
  return { id, title, deadlineMs, needs, change: { room: 'infrastructure', ...change } satisfies Change }
}
