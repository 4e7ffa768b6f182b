import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keepForPost } from '../closers.ts'
import type { Kubeconfig } from '../rancher/kubeconfig.ts'
import type { InstallRun } from '../run.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'

/**
 * Gives later steps of the job a kubeconfig through Rancher, when there is something to let us in. A stack that stands
 * and is proven is not made a failure by this: the summary says why there is none.
 */
export async function tellKubeconfig(run: InstallRun, stack: Stack, seen: Seen): Promise<void> {
  const { report, keep, settings } = run
  const made = await report.step('Make a kubeconfig', () => make(run, stack, seen))
  if ('why' in made) {
    report.next({ text: `No kubeconfig was written: ${made.why}.` })
    return
  }
  const path = join(keep, `kubeconfig-${settings.stack.name}-${randomBytes(4).toString('hex')}`)
  keepForPost('kubeconfig', path)
  await writeFile(path, made.text, { mode: 0o600, flag: 'wx' })
  report.output('kubeconfig', path)
  report.line(`A kubeconfig is at ${path}, until this job ends`)
}

async function make({ settings, clock, signal }: InstallRun, stack: Stack, { rancher }: Seen): Promise<Kubeconfig> {
  const ttlMs = settings.deadline.getTime() - clock.now()
  const asked = { description: `rancher-ha, run ${settings.run.id}`, ttlMs, signal }
  return stack.rancher.kubeconfig(await stack.api(), rancher, asked).catch((error: Error) => {
    signal.throwIfAborted()
    return { why: error.message }
  })
}
