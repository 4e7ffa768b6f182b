import type { Row } from '../conformance/probe.ts'
import type { UpgradeRun } from '../run.ts'
import { askStack, throwBroken } from './prove.ts'
import type { Stack } from './stack.ts'

/** One yes may be luck: what starts again every minute answers now and then. */
const TIMES = 3
/** For a question of the later rounds; nothing is waited for in them. */
const ANSWER_MS = 30_000
/** How often a round that was not all yes may begin the row anew. */
const STARTS = 3

/**
 * Waits until every sentence of the recommended architecture holds, and asks again until it has held several times in a
 * row. A sentence that was broken before the upgrade may stay so: it is not asked for.
 *
 * @param brokenBefore ids of those sentences
 * @param options `nodes`: names of those it is asked on; all when not given
 * @throws StackError that names every broken sentence
 */
export async function proveInARow(
  run: UpgradeRun,
  stack: Stack,
  brokenBefore: string[],
  signal: AbortSignal,
  { nodes, ask = askStack }: { nodes?: string[]; ask?: typeof askStack } = {},
): Promise<void> {
  const asked: UpgradeRun = { ...run, signal }
  const seen = await stack.inspect()
  const on = {
    ...(nodes === undefined ? { nodeCount: seen.infrastructure.nodes.length } : { nodes }),
    except: brokenBefore,
  }
  let rows: Row[] = []
  for (let start = 1; start <= STARTS; start++) {
    rows = await ask(asked, stack, seen, on)
    throwBroken(rows, seen, NEXT)
    let inARow = 1
    while (inARow < TIMES) {
      signal.throwIfAborted()
      rows = await ask(asked, stack, seen, { ...on, rounds: 1, deadlineMs: ANSWER_MS })
      if (rows.some(({ ok }) => !ok)) break
      inARow += 1
    }
    if (inARow === TIMES) return run.report.line(`All ${rows.length} sentences held ${TIMES} times in a row.`)
    for (const { sentence, evidence } of rows.filter(({ ok }) => !ok))
      run.report.line(`Not yet: ${sentence} ${evidence}`)
  }
  throwBroken(rows, seen, NEXT)
}

const NEXT = 'Mend what is named, then run mode upgrade again: it goes on from what stands.'
