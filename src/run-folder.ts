import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The run's private folder, mode 0700 as mkdtemp makes it. Its path stays short: SSH keeps sockets in it. */
export async function runFolder(temp: string | undefined): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(temp || tmpdir(), 'rancher-ha-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}
