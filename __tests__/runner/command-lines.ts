import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Looks at the command lines of all processes, again and again, for texts that must never stand there. */
export function watchCommandLines(texts: string[]): AsyncDisposable & { seen(): string[] } {
  const seen = new Set<string>()
  const stop = new AbortController()
  const watch = async () => {
    while (!stop.signal.aborted) {
      for (const line of await commandLines()) {
        if (texts.some((text) => line.includes(text))) seen.add(line.split('\0', 1)[0] ?? '')
      }
      await sleep(10, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const watching = watch()
  return {
    /** The programs, without what they were given. */
    seen: () => [...seen],
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
    },
  }
}

async function commandLines(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
}
