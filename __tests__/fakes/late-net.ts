import { settled } from './manual-clock.ts'

/** Which messages arrive, one after the other: so many, those of one runner or of all, each the nth of those there. */
export type Arrivals = { count: number; of: number | 'all'; nth: number }

/** A net between runners and nodes that delivers what it is told to, and holds all else. */
export type LateNet = {
  /** Resolves when the message has arrived. @throws the error given when the way is cut by then */
  send(runner: number, node: string, cutOff: Error): Promise<void>
  /** @param check is called after each message */
  deliver(arrivals: Arrivals, check: () => void): Promise<void>
  /** Messages on this way are lost. */
  cut(runner: number, node: string): void
  /** Messages on this way are held up, those that arrive from now on included. */
  stall(runner: number, node: string): void
  mend(runner: number, node: string): void
}

export function lateNet(): LateNet {
  const messages: { runner: number; arrive: () => void }[] = []
  const cut = new Set<string>()
  const stalled = new Map<string, PromiseWithResolvers<void>>()
  return {
    async send(runner, node, cutOff) {
      await new Promise<void>((arrive) => messages.push({ runner, arrive }))
      await stalled.get(`${runner}${node}`)?.promise
      if (cut.has(`${runner}${node}`)) throw cutOff
    },
    async deliver({ count, of, nth }, check) {
      await settled()
      check()
      for (let arrived = 0; arrived < count; arrived += 1) {
        const there = messages.filter(({ runner }) => of === 'all' || of === runner)
        const next = there[nth % there.length]
        if (next === undefined) break
        messages.splice(messages.indexOf(next), 1)
        next.arrive()
        await settled()
        check()
      }
    },
    cut: (runner, node) => cut.add(`${runner}${node}`),
    stall(runner, node) {
      const link = `${runner}${node}`
      if (!stalled.has(link)) stalled.set(link, Promise.withResolvers())
    },
    mend(runner, node) {
      const link = `${runner}${node}`
      cut.delete(link)
      stalled.get(link)?.resolve()
      stalled.delete(link)
    },
  }
}
