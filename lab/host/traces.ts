import { run, succeeds } from './command.ts'
import { docker, dockerLines } from './docker.ts'

/** The network interfaces that the lab's Docker has made for its networks. */
export async function bridges(): Promise<string[]> {
  const ids = await dockerLines(['network', 'ls', '-q', '--filter', 'driver=bridge'])
  if (ids.length === 0) return []
  const format = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}'
  const lines = (await docker(['network', 'inspect', '-f', format, ...ids])).trim().split('\n')
  return lines.map((line) => {
    const [id = '', name = ''] = line.split(' ')
    return name === '' ? `br-${id.slice(0, 12)}` : name
  })
}

/** Takes away the interfaces, and the packet-filter rules that Docker leaves when it ends. */
export async function removeTraces(interfaces: string[]): Promise<void> {
  for (const name of interfaces) {
    if (await succeeds('ip', ['link', 'show', name])) await run('ip', ['link', 'delete', name])
  }
  const alone = !(await succeeds('pgrep', ['-x', 'dockerd']))
  for (const table of ['filter', 'nat', 'raw']) {
    const rules = await run('iptables-save', ['-t', table])
    const kept = withoutDocker(rules, interfaces, alone)
    if (kept !== rules) await run('iptables-restore', ['-T', table], { input: kept })
  }
}

/**
 * A packet-filter table without the rules on these interfaces.
 *
 * @param rules as `iptables-save` prints them
 * @param chains whether Docker's own chains go too: only when no other Docker uses them
 */
export function withoutDocker(rules: string, interfaces: string[], chains: boolean): string {
  const named = new Set(interfaces)
  return rules
    .split('\n')
    .filter((line) => !line.split(' ').some((word) => named.has(word)))
    .filter((line) => !chains || !/^:DOCKER|^-A DOCKER|-j DOCKER/.test(line))
    .join('\n')
}
