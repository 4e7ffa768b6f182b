import { run } from './command.ts'

/** Takes away all mounts on a folder and below it, the last one first; a killed Docker leaves many. */
export async function unmountBelow(folder: string): Promise<void> {
  const targets = (await run('findmnt', ['-rno', 'TARGET'])).split('\n')
  const below = targets.filter((target) => target === folder || target.startsWith(`${folder}/`))
  for (const target of below.reverse()) await run('umount', [target])
}
