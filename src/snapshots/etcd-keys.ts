import { open } from 'node:fs/promises'
import { StackError } from '../errors.ts'
import { Bolt, BrokenBolt } from './bolt.ts'

/** Revisions of etcd at which a key was made, and written last. */
export type KeyState = { created: number; modified: number }

const SECTOR_BYTES = 512
const REVISION_BYTES = 17
const TOMBSTONE = 't'.charCodeAt(0)

/**
 * The keys that stand in an etcd snapshot, with their revisions. A database of a large Rancher has some hundred thousand.
 *
 * @throws StackError of kind `snapshot` when it is damaged
 */
export async function readKeys(path: string): Promise<Map<string, KeyState>> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bolt = await Bolt.open(file, size - (size % SECTOR_BYTES))
    const keys = new Map<string, KeyState>()
    for await (const { key: at, value } of bolt.bucket('key')) {
      if (at.length < REVISION_BYTES) throw new BrokenBolt('a revision is too short')
      const { key, created } = parseEntry(value)
      if (at[REVISION_BYTES] === TOMBSTONE) keys.delete(key)
      else keys.set(key, { created, modified: Number(at.readBigUInt64BE(0)) })
    }
    return keys
  } catch (cause) {
    if (!(cause instanceof BrokenBolt)) throw cause
    throw new StackError('snapshot', `The etcd snapshot is damaged: ${cause.message}.`, {
      next: 'Take another snapshot, or another copy of this one.',
      cause,
    })
  } finally {
    await file.close()
  }
}

/** The first two fields of a KeyValue: its key, and the revision it was made at (etcd, api/mvccpb/kv.proto). */
function parseEntry(value: Buffer): { key: string; created: number } {
  if (value[0] !== KEY_FIELD) throw new BrokenBolt('an entry holds no key')
  const length = varint(value, 1)
  const end = length.next + length.number
  if (end > value.length) throw new BrokenBolt('a key goes past its entry')
  const key = value.subarray(length.next, end).toString()
  // A tombstone holds the key alone.
  return { key, created: value[end] === CREATED_FIELD ? varint(value, end + 1).number : 0 }
}

const KEY_FIELD = 0x0a
const CREATED_FIELD = 0x10

/** Revisions stay far below 2^53: a thousand writes a second for two hundred thousand years. */
function varint(bytes: Buffer, from: number): { number: number; next: number } {
  let [number, at, factor] = [0, from, 1]
  for (let byte = 0x80; byte & 0x80; factor *= 128, at += 1) {
    byte = bytes[at] ?? 0
    number += (byte & 0x7f) * factor
  }
  return { number, next: at }
}
