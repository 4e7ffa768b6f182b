import { setTimeout as delay } from 'node:timers/promises'
import type { LocalContext } from './context.ts'

const POLL_MS = 500

/** Until systemd has started what it starts at boot; a unit that failed is not ours to judge. */
export async function booted({ docker }: LocalContext, container: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { stdout } = await docker.exec(container, ['systemctl', 'is-system-running', '--wait'], signal)
    if (/^(running|degraded)$/m.test(stdout)) return
    // In its first moments systemd cannot be asked to wait.
    await delay(POLL_MS, undefined, { signal })
  }
}
