import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import { type StackFile, sha256 } from './state.ts'
import { parseState, stateCa } from './state-file.ts'

/** The folder on every node, readable by root alone. */
export function stackFolder(stack: string): string {
  return `/var/lib/rancher-ha/${stack}`
}

/** Each generation is a file of its own, so that stack.json, replaced atomically, always names a whole state. */
export function stateFileName(generation: number): string {
  return `cluster-${generation}.rkestate`
}

/** What is written beside the state. */
export type Entry = Pick<StackFile, 'phase' | 'asked' | 'clusterUid' | 'restoring' | 'upgrading'>

/**
 * Writes a state to every node that answers, as one new generation: first the state, then stack.json, which makes it count.
 * @throws StackError when a node could not be written
 */
export async function writeState(
  stack: string,
  text: string,
  generation: number,
  record: Entry,
  hosts: Hosts,
  _lease: Lease,
): Promise<void> {
  const file: StackFile = {
    format: 1,
    generation,
    ...record,
    stateSha256: sha256(text),
    caFingerprint: stateCa(parseState(text, 'the state to be written')),
  }
  await Promise.all(hosts.reached.map((host) => writeOne(host, stack, text, file)))
}

async function writeOne(host: Host, stack: string, text: string, file: StackFile): Promise<void> {
  const folder = stackFolder(stack)
  const name = stateFileName(file.generation)
  await host.run(`install -d -m 0700 /var/lib/rancher-ha ${folder}`, { sudo: true })
  await host.write(`${folder}/${name}`, text, '0600')
  await host.write(`${folder}/stack.json`, `${JSON.stringify(file, null, 2)}\n`, '0600')
  await host.run(`find ${folder} -name 'cluster-*.rkestate' ! -name ${name} -delete`, { sudo: true })
}

/**
 * The content of the state a node holds in that generation. It holds every private key of the cluster.
 * @throws StackError of kind `kubernetes` when it is not what its stack.json says
 */
export async function readState(
  host: Host,
  stack: string,
  state: { generation: number; stateSha256: string },
): Promise<string> {
  const text = await host.run(`cat ${stackFolder(stack)}/${stateFileName(state.generation)}`, { sudo: true })
  if (sha256(text) === state.stateSha256) return text
  throw new StackError('kubernetes', `${host.node.name}: the cluster's state is not what its stack.json says`, {
    stands: 'The cluster is untouched.',
    next: 'Run again: the state of another node, or of the cluster itself, will be taken.',
  })
}
