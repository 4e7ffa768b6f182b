/** Runs a piece of long work; says when it begins, every 20 s that it still goes on, and how long it took. */
export async function progress<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`
  console.error(`${title} …`)
  const heartbeat = setInterval(() => console.error(`${title} … ${seconds()}`), 20_000)
  try {
    const result = await work()
    console.error(`${title}: done (${seconds()})`)
    return result
  } finally {
    clearInterval(heartbeat)
  }
}
