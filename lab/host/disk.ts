import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { STATE } from '../places.ts'
import { run, succeeds } from './command.ts'
import { unmountBelow } from './mounts.ts'
import { exists } from './packages.ts'

const IMAGE = join(STATE, 'disk.img')
const SIZE_BYTES = 60 * 1024 ** 3

/** Where the lab's disk is mounted: `live` is Docker's data, `saved` holds the kept stacks. */
export const DISK = join(STATE, 'disk')
export const LIVE = join(DISK, 'live')
export const SAVED = join(DISK, 'saved')

/**
 * Mounts the lab's disk and makes it first when it is not there: Btrfs in a sparse file, because its snapshots keep
 * a stack in a second. Without Btrfs or loop devices it is a plain folder, and keeping a stack is a copy.
 */
export async function mountDisk(): Promise<void> {
  await mkdir(DISK, { recursive: true })
  if (!(await isBtrfs()) && (await makeImage())) {
    // No barriers: what a lab loses in a power cut it makes again, and etcd's fsync is ten times as fast.
    await run('mount', ['-o', 'loop,noatime,nobarrier', IMAGE, DISK])
  }
  if (!(await exists(LIVE))) await makeFolder(LIVE)
  await mkdir(SAVED, { recursive: true })
}

/** Takes the disk away; with `keep` its content stays for the next `mountDisk`. */
export async function unmountDisk({ keep }: { keep: boolean }): Promise<void> {
  await unmountBelow(DISK)
  if (!keep) await rm(STATE, { recursive: true, force: true })
}

/** A copy of a folder of the disk as it is at one instant; whatever stood at `to` is gone. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await removeFolder(to)
  if (await isBtrfs()) await run('btrfs', ['-q', 'subvolume', 'snapshot', from, to])
  else await run('cp', ['-a', '--reflink=auto', from, to])
}

export async function removeFolder(path: string): Promise<void> {
  if (!(await exists(path))) return
  if (await isBtrfs()) await run('btrfs', ['-q', 'subvolume', 'delete', path])
  else await rm(path, { recursive: true, force: true })
}

/** Whether the lab's disk is mounted, and so a copy is one instant's and costs nothing. */
export async function isBtrfs(): Promise<boolean> {
  return (await run('findmnt', ['-no', 'FSTYPE', '--mountpoint', DISK], { accept: [0, 1] })).trim() === 'btrfs'
}

async function makeFolder(path: string): Promise<void> {
  if (await isBtrfs()) await run('btrfs', ['-q', 'subvolume', 'create', path])
  else await mkdir(path)
}

/** @returns whether there is an image that can be mounted */
async function makeImage(): Promise<boolean> {
  if (await exists(IMAGE)) return true
  const possible =
    (await succeeds('grep', ['-qw', 'btrfs', '/proc/filesystems'])) || (await succeeds('modprobe', ['btrfs']))
  if (!possible || !(await succeeds('losetup', ['-f']))) return false
  const file = await open(`${IMAGE}.new`, 'w')
  await file.truncate(SIZE_BYTES)
  await file.close()
  await run('mkfs.btrfs', ['-q', '-f', `${IMAGE}.new`])
  await run('mv', [`${IMAGE}.new`, IMAGE])
  return true
}
