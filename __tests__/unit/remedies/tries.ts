import { expect, test } from '@jest/globals'
import { usualWay } from '../../../scripts/causes/ways.ts'
import { type ErrorKind, type Refusal, StackError } from '../../../src/errors.ts'

type Act = () => unknown

/**
 * A way out as docs/troubleshooting.md has it; what ends in an error with it; and the same after each thing the way out
 * offers was done. An error that says no more has the usual way out of its kind.
 */
export type Try = [way: string, hurt: Act, ...cured: Act[]]

/** Macro, a line a case: the error names the way out, and whoever takes it gets through. */
export function tries(kind: ErrorKind, cases: Try[]): void {
  test.each(cases)('%s', async (way, hurt, ...cured) => {
    const found = await errorsOf(hurt)
    const ways = found.filter((each) => each.kind === kind).flatMap(({ next = usualWay(kind) }) => next.split('\n'))
    expect(ways).toContainEqual(expect.stringMatching(patternOf(way)))
    expect(cured.length).toBeGreaterThan(0)
    for (const act of cured) expect(await errorsOf(act)).toEqual([])
  })
}

type Told = Pick<StackError, 'kind' | 'message' | 'next'>

/** What an act is refused for: thrown, given back as a list, or as the refusals of a path; empty when it gets through. */
async function errorsOf(act: Act): Promise<Told[]> {
  try {
    const result = await act()
    const list = Array.isArray(result) ? result : ((result as { refusals?: unknown } | undefined)?.refusals ?? [])
    return (list as unknown[]).filter(isRefusal).map(({ kind, subject, what, next }) => ({
      kind,
      message: `${subject}: ${what}`,
      next,
    }))
  } catch (thrown) {
    if (!(thrown instanceof StackError)) throw thrown
    const { kind, message, next } = thrown
    return [{ kind, message, next }]
  }
}

function isRefusal(one: unknown): one is Refusal {
  return typeof one === 'object' && one !== null && 'subject' in one && 'what' in one && 'next' in one
}

/** "…" is whatever is known only when it happens. */
function patternOf(way: string): RegExp {
  const parts = way.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
