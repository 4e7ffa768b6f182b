import { test } from '@jest/globals'

let failed: string | undefined

/** One stage of a life: what follows a stage that failed is not tried, because its ground is not there. */
export function stage(title: string, deadlineMs: number, run: () => Promise<void>): void {
  test(
    title,
    async () => {
      if (failed !== undefined) throw new Error(`not tried: '${failed}' failed before`)
      failed = title
      process.stderr.write(`  ${new Date().toISOString().slice(11, 19)} ${title}\n`)
      await run()
      failed = undefined
    },
    deadlineMs,
  )
}

export const minutes = (count: number) => count * 60_000
