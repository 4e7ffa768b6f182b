import { readFile, writeFile } from 'node:fs/promises'
import { BlockList, isIPv4 } from 'node:net'

const FILE = '/etc/hosts'

/** The names that stacks in these networks ("10.77.3.0/24") have on this machine, as lines of its hosts file. */
export async function stackNames(networks: string[]): Promise<string[]> {
  return (await readFile(FILE, 'utf8')).split('\n').filter((line) => isOf(networks, line))
}

/** Puts these lines in the place of those of the stacks in these networks; writes nothing when nothing differs. */
export async function setStackNames(networks: string[], lines: string[]): Promise<void> {
  const text = await readFile(FILE, 'utf8')
  const wanted = withStackNames(text, networks, lines)
  // In place: in a container the file is a mount and cannot be renamed over.
  if (wanted !== text) await writeFile(FILE, wanted)
}

/**
 * The content of a hosts file with these lines at its end, and without others of stacks in these networks, nor with any
 * of these names at an address it does not have.
 */
export function withStackNames(text: string, networks: string[], lines: string[]): string {
  const names = lines.flatMap(namesOf)
  const others = text
    .split('\n')
    .filter((line) => !isOf(networks, line) && !namesOf(line).some((name) => names.includes(name)))
  if (others.at(-1) === '') others.pop()
  return `${[...others, ...lines].join('\n')}\n`
}

const namesOf = (line: string) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1)

/** Provider `local` ends its lines with this mark and the stack's owner and name. */
function isOf(networks: string[], line: string): boolean {
  const [address = ''] = line.split(/\s/)
  if (!line.includes(' # rancher-ha ') || !isIPv4(address)) return false
  const block = new BlockList()
  for (const network of networks) {
    const [base = '', prefix] = network.split('/')
    block.addSubnet(base, Number(prefix))
  }
  return block.check(address)
}
