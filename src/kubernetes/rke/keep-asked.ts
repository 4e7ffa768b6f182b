import { isDeepStrictEqual } from 'node:util'
import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { Asked } from '../distribution.ts'
import { obtainState } from './obtain-state.ts'
import { writeState } from './state-store.ts'

/**
 * Writes what was asked beside the state on every node, as a new generation, so that a half-written one is seen.
 * Writes nothing when it is there already.
 */
export async function keepAsked(stack: string, asked: Asked, hosts: Hosts, lease: Lease): Promise<void> {
  const obtained = await obtainState(hosts, stack, undefined)
  const found = obtained?.found
  if (obtained === undefined || found === undefined)
    throw new StackError('bug', 'there is no state to keep what was asked beside')
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(asked)), found.asked)) return
  const generation = Math.max(lease.generation, found.generation + 1)
  const { phase, clusterUid, restoring, upgrading } = found
  await writeState(stack, obtained.text, generation, { phase, asked, clusterUid, restoring, upgrading }, hosts, lease)
}
