import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN } from '../places.ts'
import { exists } from './packages.ts'

/** At least this much; three kubelets share one kernel. */
const AT_LEAST: Record<string, number> = {
  // Before dockerd starts: else it sets the FORWARD chain to DROP.
  'net/ipv4/ip_forward': 1,
  'fs/inotify/max_user_instances': 1024,
  'fs/inotify/max_user_watches': 262_144,
}

/** What a kubelet sets by itself, on the kernel it shares with this machine. */
const TOUCHED = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops']

const before = join(RUN, 'sysctl.json')
const path = (name: string) => join('/proc/sys', name)

/** Sets what the machines need of this kernel, and remembers what was there. */
export async function prepareKernel(): Promise<void> {
  if (!(await exists(before))) {
    const values: Record<string, string> = {}
    for (const name of [...Object.keys(AT_LEAST), ...TOUCHED]) {
      if (await exists(path(name))) values[name] = (await readFile(path(name), 'utf8')).trim()
    }
    await writeFile(before, JSON.stringify(values))
  }
  for (const [name, least] of Object.entries(AT_LEAST)) {
    if (Number(await readFile(path(name), 'utf8')) < least) await writeFile(path(name), String(least))
  }
}

/** Sets back what `prepareKernel` and the machines' kubelets have changed. */
export async function restoreKernel(): Promise<void> {
  if (!(await exists(before))) return
  const values = JSON.parse(await readFile(before, 'utf8')) as Record<string, string>
  for (const [name, value] of Object.entries(values)) await writeFile(path(name), value)
}
