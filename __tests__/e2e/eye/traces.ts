import { type Machine, machines, on } from './machines.ts'

const folders = ['/etc', '/home', '/root', '/opt', '/usr/local', '/var/lib/rancher-ha', '/var/spool']

/**
 * What a run could have changed on a machine: each file with inode, size, time of last change of content and of itself,
 * each container with the moment it started. Two equal traces mean that nothing was written.
 */
export async function traces(stack: string): Promise<Record<string, string[]>> {
  const running = (await machines(stack)).filter((machine) => machine.running)
  const all = await Promise.all(running.map(async (machine) => [machine.hostname, await traceOf(machine)] as const))
  return Object.fromEntries(all)
}

async function traceOf(machine: Machine): Promise<string[]> {
  const files = await on(machine, `find ${folders.join(' ')} -xdev -printf '%p %i %s %T@ %C@\\n' 2>/dev/null | sort`)
  const format = '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
  const containers = await on(
    machine,
    `docker ps --all --quiet --no-trunc | xargs -r docker inspect --format '${format}' | sort`,
  )
  return [...files.split('\n'), ...containers.split('\n')]
}
