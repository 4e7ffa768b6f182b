import type { NodeLease } from '../remote/lease.ts'
import type { Stack } from './stack.ts'

/** A lease that can be taken anew over other nodes, between two steps of what goes on under it. */
export interface MovingLease extends NodeLease {
  /** @throws StackError of kind `lease` when another run took it in between */
  move(members: string[]): Promise<void>
}

/** Takes the lease over these nodes. Where nodes are replaced one by one it would be lost with the first two. */
export async function takeMovingLease(stack: Pick<Stack, 'lease'>, members: string[]): Promise<MovingLease> {
  let held = await stack.lease(members)
  return {
    get holder() {
      return held.holder
    },
    get generation() {
      return held.generation
    },
    get session() {
      return held.session
    },
    get lost() {
      return held.lost
    },
    admit: (host) => held.admit(host),
    forget: () => held.forget(),
    async move(others) {
      await held[Symbol.asyncDispose]()
      held = await stack.lease(others)
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}
