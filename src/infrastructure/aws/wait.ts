import { setTimeout as delay } from 'node:timers/promises'
import { awsCode } from './errors.ts'

/**
 * Looks until there is an answer. A resource that was made a moment ago may not be found yet, which counts as none.
 *
 * @throws the reason of `signal`, which carries the deadline
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  { pollMs, signal }: { pollMs: number; signal: AbortSignal },
): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    const found = await unlessMissing(look)
    if (found !== undefined) return found
    await delay(pollMs, undefined, { signal })
  }
}

/** What a look or a change gives; undefined when what it is about is not there. */
export async function unlessMissing<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw thrown
  }
}

/** Whether an error says no more than that the resource is not there. */
export function isMissing(thrown: unknown): boolean {
  return /(\.NotFound|NotFoundException|NotFound|NoSuchHostedZone|InvalidSecurityGroupRuleId\..*)$/.test(
    awsCode(thrown) ?? '',
  )
}
