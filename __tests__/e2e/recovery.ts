import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { BIN } from '../../lab/places.ts'
import { repositoryFolder } from '../runner/action-file.ts'
import { type ByHand, prepare } from './documented.ts'
import { output } from './eye/command.ts'
import type { Ground } from './ground.ts'
import type { Stack } from './stack.ts'

/** The addresses on the page, in its order. */
const ON_PAGE = ['10.0.0.11', '10.0.0.12', '10.0.0.13']

/**
 * docs/recovery.md as a person follows it: its own commands, with the addresses of these machines, a cluster.yml that
 * was written beside them, and an ssh that knows the key. Nothing of the action takes part.
 *
 * @param sections of the page: up to the fourth nothing is changed, and rke has the state of the cluster
 */
export async function recoverByPage(
  stack: Stack,
  ground: Ground,
  snapshot: { file: string; identity: string },
  sections = [1, 2, 3, 4, 5, 6],
): Promise<ByHand> {
  const { file, identity } = snapshot
  const byHand = await prepare(stack, ground)
  const { folder } = byHand
  await copyFile(file, join(folder, 'snapshot.tar.age'))
  await writeFile(join(folder, 'identity.txt'), `${identity}\n`, { mode: 0o600 })
  const programs = programsOf(byHand)
  await mkdir(programs)
  const options = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
  await writeFile(join(programs, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -i '${join(folder, 'id')}' ${options} "$@"\n`)
  await chmod(join(programs, 'ssh'), 0o700)
  const page = await readFile(join(repositoryFolder, 'docs', 'recovery.md'), 'utf8')
  for (const section of sections) {
    const commands = ground.hosts.reduce(
      (text, { address }, at) => text.replaceAll(ON_PAGE[at] ?? '', address),
      commandsOf(page, section),
    )
    await inFolder(byHand, commands)
  }
  return byHand
}

/** After section 4, for any rke but a restore: its way to the nodes becomes this one, by the command of docs/upgrade.md. */
export async function makeStateOurs(byHand: ByHand): Promise<void> {
  const page = await readFile(join(repositoryFolder, 'docs', 'upgrade.md'), 'utf8')
  const commands = /^jq --arg key .*\nmv .* cluster\.rkestate$/m.exec(page)?.[0]
  if (commands === undefined) throw new Error("docs/upgrade.md no longer says how rke's state becomes one's own")
  await inFolder(byHand, commands)
}

const programsOf = ({ folder }: ByHand) => join(folder, 'programs')

/** Runs commands of a page where what they read is, with this key for the page's. */
export async function inFolder(byHand: ByHand, commands: string): Promise<void> {
  const PATH = [programsOf(byHand), BIN, process.env['PATH']].join(delimiter)
  const withKey = commands.replaceAll('/path/to/key', join(byHand.folder, 'id'))
  await output('bash', ['-euc', withKey], { cwd: byHand.folder, env: { ...process.env, PATH } })
}

/** The commands of one section of docs/recovery.md, as they stand there. */
export function commandsOf(page: string, section: number): string {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}. `)) ?? ''
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands).join('')
}
