import { MAKE_KEY, mustExec, updateBalancer } from './balancer.ts'
import type { LocalChange } from './changes.ts'
import type { LocalContext } from './context.ts'
import { expiresOf } from './expiry.ts'
import { DOCKERFILE, IMAGE_LABELS } from './image.ts'
import { ensureMachine, ensureNode, removeMachine } from './machine.ts'
import { BALANCER, findOurs, labelsOf } from './names.ts'
import { gatewayOf } from './subnet.ts'

/** Carries out one change; where a killed run left it half done, it goes on from there. */
export async function applyLocal(context: LocalContext, change: LocalChange, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  switch (change.kind) {
    case 'build-image':
      return context.docker.build(change.image, DOCKERFILE, IMAGE_LABELS, signal)
    case 'create-network':
      return createNetwork(context, change.subnet, signal)
    case 'create-balancer':
      return createBalancer(context, change.address, signal)
    case 'update-balancer':
      return updateBalancer(context, change.config, signal)
    case 'create-node':
    case 'start-node':
      return ensureNode(context, { name: change.node, address: change.address }, signal)
    case 'set-name':
      return context.runner.writeHosts(context.mark, { address: change.address, hostname: change.hostname }, signal)
    case 'remove-name':
      return context.runner.writeHosts(context.mark, undefined, signal)
    case 'remove-machine':
      return removeMachine(context, change.machine, signal)
    case 'remove-network':
      return removeNetwork(context, signal)
  }
}

async function createNetwork(context: LocalContext, subnet: string, signal: AbortSignal): Promise<void> {
  const { docker, names, stack, run, now } = context
  const seen = await docker.facts(stack.name, names.prefix)
  if (findOurs(seen.networks, names.network, stack) !== undefined) return
  const labels = labelsOf(stack, run, now(), expiresOf(context, seen))
  await docker.createNetwork({ name: names.network, subnet, gateway: gatewayOf(subnet), labels }, signal)
}

/** Its machine and the stack's key; nodes that are made next wait for nothing else of it. */
async function createBalancer(context: LocalContext, address: string, signal: AbortSignal): Promise<void> {
  await ensureMachine(context, { name: BALANCER, address }, signal)
  await mustExec(context.docker, context.names.container(BALANCER), ['sh', '-c', MAKE_KEY], signal)
}

async function removeNetwork(context: LocalContext, signal: AbortSignal): Promise<void> {
  if ((await findNetwork(context)) === undefined) return
  await context.docker.removeNetwork(context.names.network, signal)
}

async function findNetwork({ docker, names, stack }: LocalContext) {
  const { networks } = await docker.facts(stack.name, names.prefix)
  return findOurs(networks, names.network, stack)
}
