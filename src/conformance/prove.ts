import { setTimeout as delay } from 'node:timers/promises'
import type { Probe, Row, Verdict } from './probe.ts'

export type Proof = {
  signal: AbortSignal
  /** How often each probe may be asked; default: until it says yes or its deadline ends. */
  rounds?: number
  /** Shortens each probe's own deadline. */
  deadlineMs?: number
  /** Between two questions of one probe; default 2 s. */
  everyMs?: number
}

/** Asks all probes at once, each until it says yes; one row a probe, in their order. Never throws for a no. */
export async function prove(probes: Probe[], proof: Proof): Promise<Row[]> {
  return Promise.all(
    probes.map(async (probe) => ({ id: probe.id, sentence: probe.sentence, ...(await answerOf(probe, proof)) })),
  )
}

async function answerOf(probe: Probe, proof: Proof): Promise<Verdict> {
  const deadlineMs = Math.min(probe.deadlineMs, proof.deadlineMs ?? Number.POSITIVE_INFINITY)
  const deadline = new AbortController()
  // Not AbortSignal.timeout: its timer lets the process end while a probe hangs.
  const timer = setTimeout(() => deadline.abort(), deadlineMs)
  try {
    const unheard = { ok: false, evidence: `did not report within ${Math.round(deadlineMs / 1000)} s` }
    return await askUntilYes(probe, proof, AbortSignal.any([proof.signal, deadline.signal]), unheard)
  } finally {
    clearTimeout(timer)
    deadline.abort()
  }
}

async function askUntilYes(probe: Probe, proof: Proof, stop: AbortSignal, unheard: Verdict): Promise<Verdict> {
  const { rounds = Number.POSITIVE_INFINITY, everyMs = 2_000 } = proof
  let verdict = unheard
  for (let round = 1; round <= rounds && !stop.aborted; round++) {
    verdict = await Promise.race([asked(probe, stop, verdict), ended(stop, verdict)])
    if (verdict.ok) return verdict
    if (round < rounds) await delay(everyMs, undefined, { signal: stop }).catch(() => {})
  }
  return verdict
}

/** A question that is cut off by the deadline says nothing new: the verdict before it stands. */
async function asked(probe: Probe, stop: AbortSignal, before: Verdict): Promise<Verdict> {
  try {
    return await probe.ask(stop)
  } catch (thrown) {
    if (stop.aborted) return before
    return { ok: false, evidence: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function ended(stop: AbortSignal, before: Verdict): Promise<Verdict> {
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  if (stop.aborted) resolve(before)
  else stop.addEventListener('abort', () => resolve(before), { once: true })
  return promise
}
