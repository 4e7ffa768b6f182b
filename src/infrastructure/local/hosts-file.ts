/** The line a stack has in the runner's hosts file. */
export type HostsEntry = { address: string; hostname: string }

/** The comment by which a stack finds its own line again, and nobody else's. */
export function hostsMark({ owner, name }: { owner: string; name: string }): string {
  return `# rancher-ha ${owner}/${name}`
}

/** The entry that carries this mark; undefined when there is none. */
export function findEntry(content: string, mark: string): HostsEntry | undefined {
  const line = content.split('\n').find((candidate) => isMarked(candidate, mark))
  const [address, hostname] = line?.split(/\s+/) ?? []
  return address === undefined || hostname === undefined ? undefined : { address, hostname }
}

/** Addresses that lines of others give to a name: they would stand beside ours. */
export function foreignAddresses(content: string, mark: string, hostname: string): string[] {
  return content
    .split('\n')
    .filter((line) => !isMarked(line, mark))
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([, ...names]) => names.includes(hostname))
    .map(([address = '']) => address)
}

/** The content with this one line for the mark, at the end, or with none; every other line stays as it is. */
export function withEntry(content: string, mark: string, entry: HostsEntry | undefined): string {
  const others = content
    .split('\n')
    .filter((line) => !isMarked(line, mark))
    .join('\n')
  if (entry === undefined) return others
  const gap = others === '' || others.endsWith('\n') ? '' : '\n'
  return `${others}${gap}${entry.address} ${entry.hostname} ${mark}\n`
}

function isMarked(line: string, mark: string): boolean {
  return line.endsWith(` ${mark}`)
}
