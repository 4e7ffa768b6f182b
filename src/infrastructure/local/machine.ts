import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import { booted } from './boot.ts'
import type { LocalContext } from './context.ts'
import type { Container } from './docker.ts'
import { expiresOf } from './expiry.ts'
import { MACHINE_USER } from './image.ts'
import { BALANCER, findOurs, labelsOf } from './names.ts'
import { PATHS } from './paths.ts'
import { publicKeyIn } from './public-key.ts'

const POLL_MS = 250

/** The machine, made as far as it was not, and started; it may still boot. */
export async function ensureMachine(
  context: LocalContext,
  machine: { name: string; address: string },
  signal: AbortSignal,
): Promise<void> {
  const { docker, names } = context
  const name = names.container(machine.name)
  const container = await makeContainer(context, machine, signal)
  if (container !== 'running') await docker.start(name, signal)
}

/** A node that lets the stack's key in and whose sshd answers; its disk stays what it was. */
export async function ensureNode(
  context: LocalContext,
  node: { name: string; address: string },
  signal: AbortSignal,
): Promise<void> {
  const { docker, names, runner } = context
  await ensureMachine(context, node, signal)
  const name = names.container(node.name)
  const content = `${await stackKey(context)}\n`
  await docker.write(name, { path: PATHS.authorizedKeys, content, mode: '0600', user: MACHINE_USER }, signal)
  await booted(context, name, signal)
  while (!(await runner.answers(node.address, 22, 'SSH-'))) await delay(POLL_MS, undefined, { signal })
}

/** Removes a machine with its disk. */
export async function removeMachine(context: LocalContext, machine: string, signal: AbortSignal): Promise<void> {
  const { docker, names, stack } = context
  const { containers, volumes } = await docker.facts(stack.name, names.prefix)
  const container = findOurs(containers, names.container(machine), stack)
  if (container !== undefined) await docker.remove(container.name, signal)
  const volume = findOurs(volumes, names.volume(machine), stack)
  if (volume !== undefined) await docker.removeVolume(volume.name, signal)
}

/** What the container is in now. Volume and container carry labels of the run that made them. */
async function makeContainer(
  context: LocalContext,
  { name, address }: { name: string; address: string },
  signal: AbortSignal,
): Promise<Container['state']> {
  const { docker, names, stack, run, image, now } = context
  const seen = await docker.facts(stack.name, names.prefix)
  const expires = expiresOf(context, seen)
  const labels = labelsOf(stack, run, now(), expires)
  const volume = names.volume(name)
  if (findOurs(seen.volumes, volume, stack) === undefined) await docker.createVolume({ name: volume, labels }, signal)
  const container = names.container(name)
  const existing = findOurs(seen.containers, container, stack)
  if (existing !== undefined) return existing.state
  // A machine of a stack that ends by itself must stay ended.
  const restart = expires === undefined
  const place = { name: container, hostname: name, network: names.network, address, volume }
  await docker.createMachine({ ...place, image: image.name, labels, restart }, signal)
  return 'created'
}

/** Public half of the stack's key, from the balancer's disk. */
async function stackKey({ docker, names, stack }: LocalContext): Promise<string> {
  const { containers } = await docker.facts(stack.name, names.prefix)
  const balancer = findOurs(containers, names.container(BALANCER), stack)
  const files = balancer && (await docker.read(balancer, [PATHS.publicKey]))
  const key = publicKeyIn(files?.get(PATHS.publicKey))
  if (key !== undefined) return key
  throw new StackError('cloud', 'The load balancer machine, which keeps the SSH key of the stack, is gone.', {
    next: 'Run the same again: it is made anew.',
  })
}
