import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StackError } from '../errors.ts'
import { kindOf } from './etcd-snapshot.ts'
import type { Contents } from './snapshot.ts'

/** Paths of etcd's own programs. */
export type EtcdTools = { etcd: string; etcdutl: string }

export type TrialOptions = {
  tools: EtcdTools
  /** Private (mode 0700); the scratch etcd and its sockets live in it, and nobody else can ask it. */
  folder: string
  signal: AbortSignal
}

const START_MS = 120_000
const PAGE = 5000
const LAST_WORDS = 1000

/**
 * Restores an etcd snapshot with etcd's own tool, starts an etcd on it, and reads it back: every key, and as many of
 * each kind as were counted in the file.
 *
 * @returns how long it took from the file to the last key, in milliseconds
 * @throws StackError of kind `snapshot` when it does not come back whole
 */
export async function tryRestore(etcdFile: string, contents: Contents, options: TrialOptions): Promise<number> {
  const startedAt = performance.now()
  const folder = join(options.folder, 'trial')
  await mkdir(folder, { mode: 0o700 })
  const data = await restore(etcdFile, folder, options)
  await using etcd = await start(data, folder, options)
  throwDifferent(await countKeys(etcd, options.signal), contents)
  return Math.round(performance.now() - startedAt)
}

async function restore(etcdFile: string, folder: string, { tools, signal }: TrialOptions): Promise<string> {
  const data = join(folder, 'data')
  const args = ['snapshot', 'restore', etcdFile, '--data-dir', data]
  try {
    await promisify(execFile)(tools.etcdutl, args, { signal })
    return data
  } catch (cause) {
    signal.throwIfAborted()
    throw failed(
      `etcdutl does not restore it: ${lastWords((cause as { stderr?: string }).stderr ?? String(cause))}`,
      cause,
    )
  }
}

type Etcd = AsyncDisposable & { socket: string; ended: () => string | undefined }

async function start(data: string, folder: string, { tools, signal }: TrialOptions): Promise<Etcd> {
  const socket = join(folder, 'client')
  const url = `unix://${socket}`
  // An advertised address must have a port; nobody is told this one.
  const args = ['--data-dir', data, '--listen-client-urls', url, '--advertise-client-urls', 'http://localhost:2379']
  const peers = ['--listen-peer-urls', `unix://${join(folder, 'peer')}`, '--unsafe-no-fsync', '--log-level', 'warn']
  const child = spawn(tools.etcd, [...args, ...peers], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = lastWords(said + chunk)
  })
  let end: string | undefined
  const closed = once(child, 'close').then(
    ([code]) => {
      end = `etcd ended with exit code ${code}: ${said}`
    },
    (error: Error) => {
      end = `etcd does not start: ${error.message}`
    },
  )
  const etcd: Etcd = {
    socket,
    ended: () => end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
  try {
    await untilServing(etcd, signal)
    return etcd
  } catch (error) {
    await etcd[Symbol.asyncDispose]()
    throw error
  }
}

async function untilServing(etcd: Etcd, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(START_MS)
  for (;;) {
    const end = etcd.ended()
    if (end !== undefined) throw failed(end)
    if (late.aborted) throw failed(`the restored etcd did not serve within ${START_MS / 1000} s`)
    try {
      await range(etcd, { key: '\0', limit: 1, countOnly: true }, signal)
      return
    } catch {
      await pause(100, undefined, { signal }) // it does not listen yet
    }
  }
}

type Counted = Pick<Contents, 'keys' | 'kinds'>

async function countKeys(etcd: Etcd, signal: AbortSignal): Promise<Counted> {
  const kinds: Record<string, number> = {}
  let keys = 0
  let from: string | undefined = '\0'
  while (from !== undefined) {
    const page: string[] = await range(etcd, { key: from, limit: PAGE, countOnly: false }, signal)
    for (const key of page) {
      const kind = kindOf(key)
      if (kind !== undefined) kinds[kind] = (kinds[kind] ?? 0) + 1
    }
    keys += page.length
    from = page.length < PAGE ? undefined : `${page.at(-1)}\0`
  }
  return { keys, kinds }
}

function throwDifferent(back: Counted, { keys, kinds }: Contents): void {
  const names = [...new Set([...Object.keys(kinds), ...Object.keys(back.kinds)])]
  const different = names.filter((kind) => (kinds[kind] ?? 0) !== (back.kinds[kind] ?? 0))
  if (back.keys === keys && different.length === 0) return
  const each = different.map((kind) => `${back.kinds[kind] ?? 0} of ${kinds[kind] ?? 0} ${kind}`)
  throw failed([`${back.keys} of ${keys} keys came back`, ...each].join(', '))
}

type Range = { key: string; limit: number; countOnly: boolean }

/** Keys from one on, of all there are. @see etcd, api/etcdserverpb/rpc.proto (RangeRequest), over its JSON gateway */
async function range({ socket }: Etcd, { key, limit, countOnly }: Range, signal: AbortSignal): Promise<string[]> {
  const body = JSON.stringify({
    key: Buffer.from(key).toString('base64'),
    range_end: Buffer.from('\0').toString('base64'),
    keys_only: true,
    count_only: countOnly,
    limit,
  })
  const call = request({ socketPath: socket, path: '/v3/kv/range', method: 'POST', signal })
  call.end(body)
  const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (answer.statusCode !== 200) throw failed(`etcd answered ${answer.statusCode}: ${lastWords(text)}`)
  const { kvs = [] } = JSON.parse(text) as { kvs?: { key: string }[] }
  return kvs.map((one) => Buffer.from(one.key, 'base64').toString())
}

function lastWords(text: string): string {
  return text.trim().slice(-LAST_WORDS)
}

function failed(why: string, cause?: unknown): StackError {
  return new StackError('snapshot', `The snapshot does not restore: ${why}.`, {
    stands: 'The cluster is untouched; the snapshot was not kept.',
    next: 'Run mode backup again; if it stays so, look at etcd on the nodes.',
    cause,
  })
}
