/** One request that a user would have seen fail. */
export type Failure = { at: string; line: string; path: string; reason: string; tookMs: number }

/** What became of a steady load. */
export type LoadReport = {
  seconds: number
  sent: number
  answered: number
  /** On a kept connection that had been closed: sent once more, and not a failure by itself. */
  resent: number
  failed: number
  /** The first ones, in order. */
  failures: Failure[]
  /** The longest time without any answer, and when it began. */
  longestGapMs: number
  longestGapAt: string
  slowestMs: number
}

const FAILURES_TOLD = 200

/** Counts what ends, as it ends. The clock is passed in, in milliseconds since 1970. */
export function startReport(startedAt: number) {
  let [sent, answered, resent, slowestMs, longestGapMs] = [0, 0, 0, 0, 0]
  let [lastAnswer, longestGapAt] = [startedAt, startedAt]
  const failures: Failure[] = []
  const gap = (now: number) => {
    if (now - lastAnswer <= longestGapMs) return
    longestGapMs = now - lastAnswer
    longestGapAt = lastAnswer
  }
  return {
    get sent() {
      return sent
    },
    ended(
      line: string,
      path: string,
      { tookMs, resent: again, reason }: { tookMs: number; resent: boolean; reason: string | undefined },
      now: number,
    ): void {
      sent += 1
      if (again) resent += 1
      slowestMs = Math.max(slowestMs, tookMs)
      if (reason !== undefined) {
        failures.push({ at: new Date(now).toISOString(), line, path, reason, tookMs })
        return
      }
      gap(now)
      answered += 1
      lastAnswer = now
    },
    finish(now: number): LoadReport {
      gap(now)
      return {
        seconds: Math.round((now - startedAt) / 1000),
        ...{ sent, answered, resent, failed: failures.length },
        failures: failures.slice(0, FAILURES_TOLD),
        longestGapMs,
        longestGapAt: new Date(longestGapAt).toISOString(),
        slowestMs,
      }
    },
  }
}
