import { type Machine, machines, on } from './machines.ts'

const folders = ['/etc', '/home', '/root', '/opt', '/usr/local', '/var/lib/rancher-ha', '/var/spool']

type ByNode = Record<string, string[]>

/**
 * What a run could have changed on a machine: each file with inode, size, time of last change of content and of itself,
 * each container with the moment it started. Two equal traces mean that nothing was written.
 */
export async function traces(stack: string): Promise<ByNode> {
  const files = await eachRunning(
    stack,
    `find ${folders.join(' ')} -xdev -printf '%p %i %s %T@ %C@\\n' 2>/dev/null | sort`,
  )
  const containers = await containersOf(stack)
  return Object.fromEntries(
    Object.keys(files).map((node) => [node, [...(files[node] ?? []), ...(containers[node] ?? [])]]),
  )
}

/** Each container on each node, with the moment it started and how often it was started again. */
export async function containersOf(stack: string): Promise<ByNode> {
  const format = '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
  return eachRunning(stack, `docker ps --all --quiet --no-trunc | xargs -r docker inspect --format '${format}' | sort`)
}

async function eachRunning(stack: string, command: string): Promise<ByNode> {
  const running = (await machines(stack)).filter((machine) => machine.running)
  const said = async (machine: Machine) => [machine.hostname, (await on(machine, command)).split('\n')] as const
  return Object.fromEntries(await Promise.all(running.map(said)))
}
