import { run, succeeds } from './command.ts'
import { docker, dockerLines } from './docker.ts'

/** A network of the lab's Docker: its interface on this machine ("br-0123456789ab") and its range, when it has one. */
export type Network = { bridge: string; subnet: string | undefined }

/** The networks that stand now. */
export async function networks(): Promise<Network[]> {
  const ids = await dockerLines(['network', 'ls', '-q', '--filter', 'driver=bridge'])
  if (ids.length === 0) return []
  const seen = JSON.parse(await docker(['network', 'inspect', ...ids])) as Inspected[]
  return seen.map(({ Id, Options, IPAM }) => ({
    bridge: Options['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`,
    subnet: (IPAM.Config ?? []).map(({ Subnet }) => Subnet).find((subnet) => subnet.includes('.')),
  }))
}

type Inspected = { Id: string; Options: Record<string, string>; IPAM: { Config: { Subnet: string }[] | null } }

/** The ranges of the networks that stand now. */
export async function subnets(): Promise<string[]> {
  return (await networks()).flatMap(({ subnet }) => (subnet === undefined ? [] : [subnet]))
}

/** Takes away the interfaces, and the packet-filter rules that Docker leaves when it ends. */
export async function removeTraces(left: Network[]): Promise<void> {
  const bridges = left.map((network) => network.bridge)
  for (const name of bridges) {
    if (await succeeds('ip', ['link', 'show', name])) await run('ip', ['link', 'delete', name])
  }
  const alone = !(await succeeds('pgrep', ['-x', 'dockerd']))
  for (const table of ['filter', 'nat', 'raw']) {
    const rules = await run('iptables-save', ['-t', table])
    for (const deletion of deletions(rules, bridges, alone)) await run('iptables', ['-w', '-t', table, ...deletion])
  }
}

/**
 * What takes Docker's rules on these interfaces out of a packet-filter table, one by one: others may change it too.
 *
 * @param rules as `iptables-save` prints them
 * @param chains whether Docker's own chains go too: only when no other Docker uses them
 * @returns arguments of `iptables`, in the order in which they can be carried out
 */
export function deletions(rules: string, interfaces: string[], chains: boolean): string[][] {
  const lines = rules.split('\n')
  const own = (words: string[]) => words.some((word) => interfaces.includes(word))
  const docker = (words: string[]) => chains && words.includes('-A') && words.some((word) => word.startsWith('DOCKER'))
  const deleted = lines
    .map((line) => line.split(' '))
    .filter((words) => words[0] === '-A' && (own(words) || docker(words)))
    .map(([, ...words]) => ['-D', ...words])
  const emptied = chains ? lines.flatMap((line) => /^:(DOCKER\S*)/.exec(line)?.[1] ?? []) : []
  return [...deleted, ...emptied.map((chain) => ['-X', chain])]
}
