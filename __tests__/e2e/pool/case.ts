import type { Stack } from '../stack.ts'

/** One end-to-end case of the pool. */
export type Case = {
  /** The sentence that holds when it passes; `ONLY=` matches a part of it. */
  name: string
  /** What it starts from: a healthy stack, or nothing of the stack at all. */
  from: 'healthy' | 'bare'
  deadlineMs: number
  run(stack: Stack): Promise<void>
}
