import { test } from '@jest/globals'
import { minutes } from './minutes.ts'
import { endRuns } from './stack.ts'

let failed: string | undefined

/** One stage of a life: what follows a stage that failed is not tried, because its ground is not there. */
export function stage(title: string, deadlineMs: number, run: () => Promise<void>): void {
  test(
    title,
    async () => {
      if (failed !== undefined) throw new Error(`not tried: '${failed}' failed before`)
      failed = title
      const startedAt = Date.now()
      process.stderr.write(`  ${new Date().toISOString().slice(11, 19)} ${title}\n`)
      await within(deadlineMs, run())
      process.stderr.write(`    done in ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
      failed = undefined
    },
    deadlineMs + minutes(1),
  )
}

/** Gives work so much time; when it fails or is late, what it left running is ended. */
export async function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not done within ${deadlineMs / 1000} s`)), deadlineMs)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    await endRuns()
  }
}
