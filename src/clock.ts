/** Time as the code sees it, so that tests can hold it in their hand. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `ring` once after `ms`, unless the returned function was called before. */
  after(ms: number, ring: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, ring) {
    const timer = setTimeout(ring, ms)
    return () => clearTimeout(timer)
  },
}
