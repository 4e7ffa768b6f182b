import type { Host } from '../../remote/host.ts'
import { archivePath, OUR_PREFIX, SNAPSHOT_FOLDER } from './snapshot-name.ts'

/** What lies on a node under a snapshot's name. */
export type FoundSnapshot = {
  node: string
  sizeBytes: number
  sha256: string
  /** When it was written, by the node's own clock. */
  writtenAt: Date
  /** What is wrong with it as far as the node can tell; undefined when it looks whole. */
  problem: string | undefined
}

const DEADLINE_MS = 300_000

/** @returns what the node has under that name; `problem` says so when it has nothing */
export async function lookForSnapshot(host: Host, name: string): Promise<FoundSnapshot> {
  const input = `file='${archivePath(name)}'\n${LOOK_SCRIPT}`
  const { stdout } = await host.try('sh -s -- look-for-snapshot', { sudo: true, input, deadlineMs: DEADLINE_MS })
  const [size = '', written = '', sha256 = '', end = ''] = stdout.trim().split('\n')
  const found = { node: host.node.name, sizeBytes: Number(size), sha256, writtenAt: new Date(Number(written) * 1000) }
  if (size === '') return { ...found, writtenAt: new Date(0), problem: 'there is none' }
  return { ...found, problem: end === END_OF_ARCHIVE ? undefined : 'it is cut short' }
}

/** "PK\5\6": where an archive without comment ends, 22 bytes before its last one (APPNOTE 4.3.16). */
const END_OF_ARCHIVE = '504b0506'

const LOOK_SCRIPT = `
[ -s "$file" ] || exit 0
stat -c '%s' "$file"; stat -c '%Y' "$file"
sha256sum "$file" | cut -d' ' -f1
tail -c 22 "$file" | head -c 4 | od -An -tx1 | tr -d ' \\n'
`

/**
 * Removes our own named snapshots but the newest two, what rke unpacked of them, and the copies of the state it left in
 * /etc/kubernetes (rke never removes any of these). Rolling snapshots and those of others stay.
 *
 * @returns names of the snapshots removed
 */
export async function pruneOn(host: Host): Promise<string[]> {
  const removed = await host.run('sh -s -- prune-snapshots', { sudo: true, input: PRUNE_SCRIPT })
  return removed.split('\n').filter((name) => name !== '')
}

/** Names sort by time. A name of ours holds no blank and no character of a pattern. */
const PRUNE_SCRIPT = `
set -eu
cd ${SNAPSHOT_FOLDER} 2>/dev/null || exit 0
kept=' '
for name in $(ls -1 | sed -n 's/^\\(${OUR_PREFIX}[A-Za-z0-9_-]*\\)\\.zip$/\\1/p' | sort -r | head -n 2); do kept="$kept$name "; done
for name in $(ls -1 . /etc/kubernetes 2>/dev/null | sed -n 's/^\\(${OUR_PREFIX}[A-Za-z0-9_-]*\\)\\(\\.zip\\|\\.rkestate\\)*$/\\1/p' | sort -u); do
  case "$kept" in *" $name "*) rm -f "./$name"; continue ;; esac
  [ ! -e "./$name.zip" ] || echo "$name"
  rm -f "./$name" "./$name.zip" "/etc/kubernetes/$name.rkestate"
done
`

/** What a snapshot of a node takes beside etcd's own data: the plain copy and the packed one, for a moment both. */
export type Room = { node: string; neededBytes: number; freeBytes: number }

/** A margin for what else is written meanwhile. */
const MARGIN_BYTES = 64 * 1024 * 1024

export async function askRoom(host: Host): Promise<Room> {
  const [size = '', free = ''] = (await host.run('sh -s -- snapshot-room', { sudo: true, input: ROOM_SCRIPT })).split(
    '\n',
  )
  return { node: host.node.name, neededBytes: 2 * Number(size) + MARGIN_BYTES, freeBytes: Number(free) * 1024 }
}

const ROOM_SCRIPT = `
stat -c '%s' /var/lib/etcd/member/snap/db 2>/dev/null || echo 0
place=${SNAPSHOT_FOLDER}; while [ ! -d "$place" ]; do place=$(dirname "$place"); done
df -Pk "$place" | tail -n 1 | awk '{ print $4 }'
`
