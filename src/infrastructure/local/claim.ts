import { join } from 'node:path'
import type { Lease } from '../../remote/lease.ts'
import type { LocalContext } from './context.ts'
import { takeLock } from './lock.ts'

/** Decides between two first runs on this machine: there is no node yet that could hold a lease. */
export async function claimLocal({ names, run, runner }: LocalContext, waitMs: number): Promise<Lease> {
  const holder = `${run.id}/${run.attempt}`
  const lock = await takeLock(join(runner.locks, `${names.prefix}.lock`), { waitMs, holder })
  return {
    holder,
    generation: 0,
    lost: lock.lost,
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}
