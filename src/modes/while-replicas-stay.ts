import type { Stack } from './stack.ts'

/** What drains nodes takes one replica of Rancher at a time. */
export async function whileReplicasStay(
  stack: Stack,
  hostname: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const reopen = async () => {
    await stack.inspect()
    return await stack.api()
  }
  await stack.rancherAt(hostname).guarded(await stack.api(), reopen, work, signal)
}
