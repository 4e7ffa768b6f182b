import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node } from '../node.ts'
import { type Bastion, openBastion } from './bastion.ts'
import { connect, type OpenContext, type OpenOptions, type Refused, throwHostKeys } from './connect.ts'
import type { Access, Host, Hosts } from './host.ts'
import type { Master } from './master.ts'
import { thisSession } from './session.ts'
import { createHost } from './ssh-host.ts'

/**
 * Opens one pinned, multiplexed connection to each node, all at once.
 *
 * @returns nodes that do not answer or do not let us in stand under `unreached`, with the reason
 * @throws StackError of kind `ssh` when a machine presents a host key that is not pinned: another one may be answering
 */
export async function openHosts(nodes: Node[], access: Access, options: OpenOptions): Promise<Hosts> {
  await using opened = new AsyncDisposableStack()
  const sockets = await makeSocketFolder(opened)
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const session = options.session ?? thisSession
  const deadlineMs = options.deadlineMs ?? (options.waitForBoot ? 300_000 : 20_000)
  const late = AbortSignal.timeout(deadlineMs)
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal])
  const context = { ...options, access, sockets, session, signal, deadlineMs }

  const bastion = access.bastion === undefined ? undefined : await openBastion(access.bastion, context, opened)
  const attempts = await Promise.all(nodes.map((node, index) => reach(node, index, bastion, context, opened)))
  options.signal?.throwIfAborted()
  throwHostKeys(attempts.flatMap((attempt) => ('refused' in attempt ? [attempt.refused] : [])))

  const reached = attempts.flatMap((attempt) => ('host' in attempt ? [attempt.host] : []))
  const unreached = attempts.flatMap((attempt) => ('why' in attempt ? [{ node: attempt.node, why: attempt.why }] : []))
  const closing = opened.move()
  return {
    reached,
    unreached,
    get: (name) => reached.find(({ node }) => node.name === name),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

type Reach = { host: Host } | { node: Node; why: string } | { refused: Refused }

async function reach(
  node: Node,
  index: number,
  bastion: Bastion | undefined,
  context: OpenContext,
  opened: AsyncDisposableStack,
): Promise<Reach> {
  if (node.state === 'stopped') return { node, why: 'it is stopped' }
  if (bastion !== undefined && 'why' in bastion) return { node, why: bastion.why }
  const attempt = await connect(node, { socket: `n${index}`, proxyCommand: bastion?.proxyCommand }, context)
  if (!('master' in attempt)) return attempt
  const master: Master = opened.use(attempt.master)
  return { host: createHost(node, master, context.session) }
}

/**
 * A socket's path may have 107 characters, and ssh first binds it under a name that is 17 longer, so it cannot stand
 * in the run's folder, which may be anywhere. @see unix(7)
 */
async function makeSocketFolder(opened: AsyncDisposableStack): Promise<string> {
  const base = tmpdir().length > 60 ? '/tmp' : tmpdir()
  const folder = await mkdtemp(join(base, 'rancher-ha-ssh-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}
