import { run } from '../host/command.ts'

/** A machine in the pod network of its stack. */
export type Member = { stack: string; address: string; pods: number; pid: number }

/**
 * The commands of `ip` and `bridge` that let a machine find the pods of others, as flannel's daemon does with what it
 * reads from the cluster.
 */
export function renderPeers(member: Member, all: Member[]): { bridge: string[]; ip: string[] } {
  const peers = all.filter(({ stack, pods }) => stack === member.stack && pods !== member.pods)
  return {
    bridge: peers.map(({ pods, address }) => `fdb replace ${macOf(pods)} dev flannel.1 dst ${address}`),
    ip: peers.flatMap(({ pods }) => [
      `neigh replace 10.42.${pods}.0 lladdr ${macOf(pods)} dev flannel.1 nud permanent`,
      `route replace 10.42.${pods}.0/24 via 10.42.${pods}.0 dev flannel.1 onlink`,
    ]),
  }
}

/** As the machine's own script gives it to the device. */
function macOf(pods: number): string {
  return `02:42:0a:2a:${pods.toString(16).padStart(2, '0')}:00`
}

/** @throws Error while the machine has not made its device yet */
export async function setPeers(member: Member, all: Member[]): Promise<void> {
  const { bridge, ip } = renderPeers(member, all)
  const inside = ['--target', String(member.pid), '--net']
  await run('nsenter', [...inside, 'ip', 'link', 'show', 'flannel.1'])
  if (bridge.length === 0) return
  await run('nsenter', [...inside, 'bridge', '-batch', '-'], { input: `${bridge.join('\n')}\n` })
  await run('nsenter', [...inside, 'ip', '-batch', '-'], { input: `${ip.join('\n')}\n` })
}

/** The lowest number nobody has. Zero and one are left to people who look at addresses. */
export function freePods(taken: number[]): number {
  let pods = 2
  while (taken.includes(pods)) pods += 1
  if (pods > 250) throw new Error('The lab’s cloud has room for 249 machines.')
  return pods
}
