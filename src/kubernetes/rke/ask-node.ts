import { connect } from 'node:net'
import type { Host } from '../../remote/host.ts'
import type { NodeFacts } from './facts.ts'
import { findSshd } from './find-sshd.ts'
import { NODE_SCRIPT } from './node-script.ts'
import { parseNode } from './parse-node.ts'

/** Everything one node says of itself; changes nothing. */
export async function askNode(host: Host, stack: string): Promise<NodeFacts> {
  const { name, privateAddress, user } = host.node
  const sentMs = Date.now()
  const [answer, forwarding] = await Promise.all([
    host.run(`sh -s -- inspect-node ${stack} ${user}`, {
      sudo: true,
      input: `shift\n${NODE_SCRIPT}`,
      deadlineMs: 60_000,
    }),
    askForwarding(host),
  ])
  const { epochMs, ...said } = parseNode(name, answer)
  const clock = await askClock(host, { sentMs, receivedMs: Date.now(), epochMs })
  return {
    name,
    privateAddress,
    user,
    at: new Date(epochMs),
    ...said,
    clock,
    ...forwarding,
  }
}

async function askForwarding(host: Host): Promise<Pick<NodeFacts, 'sshd' | 'forwards'>> {
  const sshd = await findSshd(host)
  return { sshd, forwards: await forwardsTcp(host, sshd) }
}

type Sample = { sentMs: number; receivedMs: number; epochMs: number }

/** The node's clock against ours; asked again, shortly, when the first answer took too long to judge by. */
async function askClock(host: Host, first: Sample): Promise<NodeFacts['clock']> {
  const clock = clockOf(first)
  if (clock.uncertainMs < 500) return clock
  const sentMs = Date.now()
  const said = await host.run('date +%s%N')
  return clockOf({ sentMs, receivedMs: Date.now(), epochMs: Number(BigInt(said.trim()) / 1_000_000n) })
}

export function clockOf({ sentMs, receivedMs, epochMs }: Sample): NodeFacts['clock'] {
  return { aheadMs: Math.round(epochMs - (sentMs + receivedMs) / 2), uncertainMs: Math.ceil((receivedMs - sentMs) / 2) }
}

/** Whether a forward through the connection reaches the node's own sshd: it must say its name within 5 s. */
async function forwardsTcp(host: Host, sshd: NodeFacts['sshd']): Promise<boolean> {
  await using forward = await host.forward(sshd.address, sshd.port)
  return await new Promise<boolean>((resolve) => {
    const socket = connect(forward.port, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(5_000, () => end(false))
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
  })
}
