import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../errors.ts'
import type { Node } from '../node.ts'
import { errorCode } from './error-code.ts'
import type { Access } from './host.ts'
import { fingerprintsOf, knownHostsLines, knownHostsName } from './known-hosts.ts'
import { type Master, openMaster } from './master.ts'
import type { SshFailure } from './ssh-failure.ts'

export type OpenOptions = {
  /** The run's private folder; files of host keys are written there. */
  folder: string
  /** How long to try; 20 s, or 300 s for a machine that boots. */
  deadlineMs?: number
  signal?: AbortSignal
  /** The machines are starting: a refused connection or login is tried again until the deadline. */
  waitForBoot?: boolean
  /** Marks all commands on the nodes; this process's own unless told otherwise. */
  session?: string
  /** A known_hosts line that was trusted at first contact, for a person to keep. Only with `acceptNew`. */
  onNewHostKey?: (line: string, node: Node) => void
}

export type OpenContext = OpenOptions & {
  access: Access
  /** Folder of control sockets. */
  sockets: string
  session: string
  signal: AbortSignal
  deadlineMs: number
}

/** A machine that presented another host key than the pinned ones. */
export type Refused = { node: Node; presented: string | undefined; pinned: string[] }

export type Connection = { master: Master } | { node: Node; why: string } | { refused: Refused }

const PAUSE_MS = 1000
const CONNECT_TIMEOUT_S = 10

/** Opens the connection to one machine; again and again while it boots, never after a wrong host key. */
export async function connect(
  node: Node,
  { socket, proxyCommand }: { socket: string; proxyCommand: string | undefined },
  context: OpenContext,
): Promise<Connection> {
  const { access, session, signal, waitForBoot } = context
  const lines = knownHostsLines(node, access.knownHosts)
  const accepted = join(context.folder, `accepted-hosts-${encodeURIComponent(node.name)}`)
  const pinned = join(context.folder, `pinned-hosts-${encodeURIComponent(node.name)}`)
  await writeFile(pinned, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  const acceptNew = access.acceptNew && node.hostKeys.length === 0
  const before = await readLines(accepted)
  const options = {
    keyFiles: access.keyFiles,
    knownHostsFiles: acceptNew ? [accepted, pinned] : [pinned],
    acceptNew,
    controlPath: join(context.sockets, socket),
    connectTimeoutS: CONNECT_TIMEOUT_S,
    proxyCommand,
  }

  let failure: SshFailure = { kind: 'unreachable', why: 'no answer in time' }
  do {
    const attempt = await openMaster(node, options, { session, signal })
    if ('master' in attempt) {
      const after = await readLines(accepted)
      for (const line of after.filter((line) => !before.includes(line))) context.onNewHostKey?.(line, node)
      return attempt
    }
    // An attempt the deadline cut off knows less than the one before it.
    if (!signal.aborted || failure.why === 'no answer in time') failure = attempt.failure
    if (failure.kind === 'host-key') {
      return { refused: { node, presented: failure.presented, pinned: fingerprintsOf([...lines, ...before]) } }
    }
  } while (waitForBoot === true && (await isGoingOn(signal)))
  return { node, why: explain(node, failure) }
}

/** @throws StackError of kind `ssh` that names every machine with a wrong host key; nothing when there is none */
export function throwHostKeys(refused: Refused[]): void {
  if (refused.length === 0) return
  const told = refused.map(({ node, presented, pinned }) => {
    const expected = pinned.length === 0 ? 'no key of it is known' : `pinned is ${pinned.join(' or ')}`
    return `${node.name} at ${knownHostsName(node)} presents host key ${presented ?? '(not told)'}, but ${expected}.`
  })
  throw new StackError('ssh', told.join('\n'), {
    stands: 'Nothing was sent to it.',
    next: 'If the machine was rebuilt on purpose, put its new host key where the old one stands; if not, find out who answers at that address.',
  })
}

function explain({ user }: Node, failure: Exclude<SshFailure, { kind: 'host-key' }>): string {
  return failure.kind === 'auth' ? `it does not let ${user} in: ${failure.why}` : failure.why
}

async function isGoingOn(signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  return await sleep(PAUSE_MS, true, { signal }).catch(() => false)
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
