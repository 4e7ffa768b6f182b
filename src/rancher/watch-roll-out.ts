import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '../errors.ts'
import type { Kube } from './kube.ts'
import { hopeless, type NewPod, type RollOut, readRollOut } from './roll-out.ts'

const EVERY_MS = 1_500
/** The charts are had, hooks run, and the new template is there. */
const TAKEN_UP_MS = 120_000

export type Watching = {
  log: (line: string) => void
  signal: AbortSignal
  /** Ends the work over pods that will not come; without it they are only counted. */
  judges: boolean
  /** Told of every look. */
  seen?: ((now: RollOut) => void) | undefined
}

/** What was seen while pods were replaced. */
export type Rolled = {
  /** The fewest replicas that were ready at a time; undefined when nobody could be asked. */
  fewestReady: number | undefined
}

/**
 * Does the work and looks at Rancher's pods meanwhile: how many are ready is told as it changes, and pods that will not
 * come may end the work long before Helm would.
 *
 * @throws StackError of kind `rancher` that names the pods
 */
export async function whileRollingOut(
  kube: Kube,
  work: (signal: AbortSignal) => Promise<void>,
  { log, signal, judges, seen: tell }: Watching,
): Promise<Rolled> {
  const stop = new AbortController()
  const over = new AbortController()
  const seen: Rolled = { fewestReady: undefined }
  const began = Date.now()
  let before: NewPod[] | undefined
  const looking = watch(kube, over.signal, log, (now) => {
    seen.fewestReady = Math.min(seen.fewestReady ?? Number.POSITIVE_INFINITY, now.ready)
    tell?.(now)
    before ??= now.newest
    const why = judges ? hopeless(judged(before, now, Date.now() - began), new Date()) : undefined
    if (why !== undefined) stop.abort(new StackError('rancher', why, { stands: 'The replicas of before still run.' }))
  })
  try {
    await work(AbortSignal.any([signal, stop.signal]))
    return seen
  } finally {
    over.abort()
    await looking
  }
}

/**
 * What a change of Rancher's pods is judged by: those it makes, at once. One that stood before it may be what a release
 * before left behind, and has to be taken up first; was that one ready at any time, it has to end anew to count. Pure.
 *
 * @param before pods of the newest template when the change began
 * @param passedMs since it began
 */
export function judged(before: NewPod[], now: RollOut, passedMs: number): RollOut {
  const standing = new Map(before.map((pod) => [pod.name, pod]))
  const newest = now.newest.flatMap((pod) => {
    const stood = standing.get(pod.name)
    if (stood === undefined) return [pod]
    if (passedMs <= TAKEN_UP_MS) return []
    if (!stood.everReady) return [pod]
    const restarts = pod.restarts - stood.restarts
    return restarts > 0 ? [{ ...pod, restarts }] : []
  })
  return { ...now, newest }
}

async function watch(
  kube: Kube,
  over: AbortSignal,
  log: (line: string) => void,
  look: (now: RollOut) => void,
): Promise<void> {
  let told = ''
  while (!over.aborted) {
    // The API may be away for a moment; what is not seen is not judged.
    const now = await readRollOut(kube).catch(() => undefined)
    if (now !== undefined && !over.aborted) {
      const line = formatRollOut(now)
      if (line !== told) log(line)
      told = line
      look(now)
    }
    await delay(EVERY_MS, undefined, { signal: over }).catch(() => undefined)
  }
}

/** "3 of 3 replicas ready, 1 of them new; rancher-5d9-x: ImagePullBackOff". Pure. */
export function formatRollOut({ wanted, ready, newest }: RollOut): string {
  const fresh = newest.filter((pod) => pod.ready).length
  const held = newest.flatMap(({ name, waiting }) => (waiting === undefined ? [] : [`${name}: ${waiting.reason}`]))
  return [`${ready} of ${wanted} replicas ready, ${fresh} of the newest`, ...held].join('; ')
}

/** Fewer replicas than this serve no user whose node goes away. */
const LEAST_READY = 2

/** "At least 2 replicas of Rancher were ready throughout.", as a warning when it was fewer; nothing when nobody was asked. */
export function tellFewest({ fewestReady }: Rolled, log: (line: string) => void): void {
  if (fewestReady === undefined) return
  const least = `At least ${fewestReady} replicas of Rancher were ready throughout.`
  log(fewestReady >= LEAST_READY ? least : `warning: ${least}`)
}
