import { StackError } from '../errors.ts'
import type { Node } from '../node.ts'
import { connect, type OpenContext, throwHostKeys } from './connect.ts'
import { shellQuote } from './shell.ts'
import { clientArguments, type SshTarget } from './ssh-options.ts'

/** The way through a bastion, or why there is none. */
export type Bastion = { proxyCommand: string } | { why: string }

/** Opens the one connection to the bastion; those to the nodes go through it. Its host key must be in `knownHosts`. */
export async function openBastion(text: string, context: OpenContext, opened: AsyncDisposableStack): Promise<Bastion> {
  const target = parseBastion(text)
  const machine: Node = { ...target, name: 'bastion', privateAddress: target.address, state: 'running', hostKeys: [] }
  const connection = await connect(machine, { socket: 'b', proxyCommand: undefined }, context)
  if ('refused' in connection) throwHostKeys([connection.refused])
  if (!('master' in connection)) {
    return { why: `the bastion ${text} cannot be passed: ${'why' in connection ? connection.why : 'host key'}` }
  }
  const { controlPath } = opened.use(connection.master)
  return { proxyCommand: renderProxyCommand(target, controlPath) }
}

/** @throws StackError of kind `input` */
export function parseBastion(text: string): SshTarget {
  const match = /^(?:(?<user>[^@\s]+)@)?(?:\[(?<six>[^\]\s]+)\]|(?<address>[^:@\s]+))(?::(?<port>\d+))?$/.exec(
    text.trim(),
  )
  const { user = 'root', six, address = six, port = '22' } = match?.groups ?? {}
  if (address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new StackError('input', `ssh-bastion: expected [user@]address[:port], got "${text}".`)
  }
  return { user, address, port: Number(port) }
}

/** ssh replaces %h and %p by the node's address and port, %% by a percent sign. @see ssh_config(5), ProxyCommand */
function renderProxyCommand(target: SshTarget, controlPath: string): string {
  const words = clientArguments(target, controlPath).map((word) => shellQuote(word).replaceAll('%', '%%'))
  return ['ssh', '-W', '[%h]:%p', ...words].join(' ')
}
