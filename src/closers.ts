import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { tellFile } from './commands.ts'
import { endProcesses } from './processes.ts'

/**
 * What a run may leave behind when it is killed, and how post clears it. The state is plain text that anybody
 * may read: a path or a name, never a secret. Closed in this order.
 */
const CLOSERS = {
  processes: async (marker: string) => {
    const ended = await endProcesses(marker, { graceMs: 2000 })
    return ended === 0 ? undefined : `ended ${ended} processes the run had left`
  },
  lease: async (session: string) => (await import('./release.ts')).releaseAfter(session, process.env),
  kubeconfig: async (path: string) => (await import('./rancher/kubeconfig.ts')).endKubeconfig(path),
  conversation: async () => (await import('./farewell.ts')).farewell(process.env),
  cloud: async (session: string) => (await import('./release.ts')).letGoAfter(session, process.env),
  folder: async (path: string) => {
    if (!basename(path).startsWith('rancher-ha-')) throw new Error(`${path} is not the folder of a run`)
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
    return undefined
  },
} satisfies Record<string, (state: string) => Promise<string | undefined>>

export type Closer = keyof typeof CLOSERS

/** Tells post what to close should main not come to it. */
export function keepForPost(closer: Closer, state: string): void {
  tellFile('GITHUB_STATE', `close-${closer}`, state)
}

/** Closes all that was kept, each though another fails. @returns what there is to tell, and what went wrong */
export async function closeKept(
  env: Record<string, string | undefined>,
): Promise<{ done: string[]; problems: string[] }> {
  const done: string[] = []
  const problems: string[] = []
  for (const [name, close] of Object.entries(CLOSERS)) {
    const state = env[`STATE_close-${name}`]
    if (!state) continue
    try {
      const told = await close(state)
      if (told !== undefined) done.push(told)
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { done, problems }
}
