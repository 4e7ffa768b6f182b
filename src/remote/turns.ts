/** At most `limit` at once; the others wait for their turn, in order. `using _turn = await turn()` */
export function createTurns(limit: number): () => Promise<Disposable> {
  let taken = 0
  const waiting: (() => void)[] = []

  const giveBack = () => {
    const next = waiting.shift()
    if (next === undefined) taken -= 1
    else next()
  }

  return async () => {
    if (taken < limit) taken += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    return { [Symbol.dispose]: giveBack }
  }
}
