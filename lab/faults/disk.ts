import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { namesOf } from '../../src/infrastructure/local/names.ts'
import { run } from '../host/command.ts'
import { docker } from '../host/docker.ts'
import { containerOf, type StackMachine } from './machines.ts'
import type { Fault } from './network.ts'

const BLKIO = '/sys/fs/cgroup/blkio'

/**
 * Lets a machine write at this many bytes a second at most, to the disk below its /var. What is synchronous (fsync, as
 * etcd does before it answers) feels it; containers that start inside the machine later do not, since cgroup v1 does not
 * hand the limit down.
 *
 * @throws Error on a machine with cgroup v2, where this was not tried
 */
export async function slowDisk(machine: StackMachine, bytesPerSecond = 1024 * 1024): Promise<Fault> {
  const id = (await docker(['inspect', '--format', '{{.Id}}', containerOf(machine)])).trim()
  const device = await deviceBelow(machine)
  await limit(join(BLKIO, 'docker', id), `${device} ${bytesPerSecond}`)
  return {
    [Symbol.asyncDispose]: () => limit(join(BLKIO, 'docker', id), `${device} 0`),
  }
}

/**
 * Fills a folder of a machine: a file system of 1 MiB lies over it, and is full. Programs that have files open below it
 * go on with those; the disks of all machines are one disk of this one, which is why it is not filled itself.
 */
export async function fillDisk(machine: StackMachine, folder: string): Promise<Fault> {
  const inside = (script: string) => docker(['exec', containerOf(machine), 'sh', '-c', script, 'sh', folder])
  await inside('mkdir -p "$1" && mount -t tmpfs -o size=1m full "$1"')
  // Writing until there is no room ends with an error, which is the aim.
  await inside('dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null; [ "$(df --output=avail "$1" | tail -1)" -eq 0 ]')
  return {
    async [Symbol.asyncDispose]() {
      await inside('! mountpoint -q "$1" || umount --lazy "$1"')
    },
  }
}

/** "7:0" of the block device that holds the machine's volume, also where a file system has devices of its own. */
async function deviceBelow({ stack, machine }: StackMachine): Promise<string> {
  const format = ['--format', '{{.Mountpoint}}']
  const folder = (await docker(['volume', 'inspect', ...format, namesOf(stack).volume(machine)])).trim()
  const source = await run('findmnt', ['--noheadings', '--nofsroot', '--output', 'SOURCE', '--target', folder])
  return (await run('lsblk', ['--nodeps', '--noheadings', '--output', 'MAJ:MIN', source.trim()])).trim()
}

/** Sets the limit on a cgroup and all below it; none is left behind on one that ended meanwhile. */
async function limit(group: string, value: string): Promise<void> {
  const folders = await readdir(group, { recursive: true, withFileTypes: true })
  const groups = folders.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  for (const each of [group, ...groups]) {
    await writeFile(join(each, 'blkio.throttle.write_bps_device'), value).catch(rethrowUnlessGone)
  }
}

function rethrowUnlessGone(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'ENOENT' && thrown.code !== 'ENODEV') throw thrown
}
