import { readFile, writeFile } from 'node:fs/promises'

const FILE = '/etc/hosts'

/** Lines that provider `local` writes end with this mark and the stack's name. */
const isOurs = (line: string) => /# rancher-ha\b.*$/.test(line)

/** The names that stacks have on this machine, as lines of its hosts file. */
export async function stackNames(): Promise<string[]> {
  return (await readFile(FILE, 'utf8')).split('\n').filter(isOurs)
}

/** Puts these lines in the place of all lines of stacks; writes nothing when they stand there already. */
export async function setStackNames(lines: string[]): Promise<void> {
  const text = await readFile(FILE, 'utf8')
  const others = text.split('\n').filter((line) => line !== '' && !isOurs(line))
  const wanted = `${[...others, ...lines].join('\n')}\n`
  // In place: in a container the file is a mount and cannot be renamed over.
  if (wanted !== text) await writeFile(FILE, wanted)
}
