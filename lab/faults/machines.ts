import { createArgs } from '../../src/infrastructure/local/docker-cli.ts'
import { parseContainers } from '../../src/infrastructure/local/docker-json.ts'
import { namesOf } from '../../src/infrastructure/local/names.ts'
import { docker } from '../host/docker.ts'

/** A machine of a stack that provider `local` made: "node-1" and so on, or "lb". */
export type StackMachine = { stack: { name: string; owner: string }; machine: string }

/** Its container. */
export function containerOf({ stack, machine }: StackMachine): string {
  return namesOf(stack).container(machine)
}

/** Powers it off in good order. */
export async function stop(machine: StackMachine): Promise<void> {
  await docker(['stop', containerOf(machine)])
}

/** Powers it on; its disk and address are what they were. */
export async function start(machine: StackMachine): Promise<void> {
  await docker(['start', containerOf(machine)])
}

/** Pulls the plug. */
export async function kill(machine: StackMachine): Promise<void> {
  await docker(['kill', containerOf(machine)])
}

/** It is gone, and its disk with it. */
export async function remove(machine: StackMachine): Promise<void> {
  await docker(['rm', '--force', containerOf(machine)])
  await docker(['volume', 'rm', namesOf(machine.stack).volume(machine.machine)])
}

/**
 * In its place stands a machine of the same name and labels that was never used: empty disk, another host key, nobody's
 * key let in.
 *
 * @param address another one than before, for a machine that was replaced
 */
export async function wipe(machine: StackMachine, address?: string): Promise<void> {
  const names = namesOf(machine.stack)
  const name = containerOf(machine)
  const json = await docker(['container', 'inspect', name])
  const [before] = parseContainers(json)
  const [{ Config, HostConfig }] = JSON.parse(json) as [
    { Config: { Image: string }; HostConfig: { RestartPolicy: { Name: string } } },
  ]
  const place = address ?? before?.address
  if (before === undefined || place === undefined) throw new Error(`${name} has no address`)
  await remove(machine)
  const labels = Object.entries(before.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await docker(['volume', 'create', ...labels, names.volume(machine.machine)])
  await docker(
    createArgs({
      name,
      hostname: machine.machine,
      image: Config.Image,
      network: names.network,
      address: place,
      volume: names.volume(machine.machine),
      labels: before.labels,
      restart: HostConfig.RestartPolicy.Name === 'unless-stopped',
    }),
  )
  await start(machine)
}
