import { Expected } from './expected.ts'

const ANY = () => undefined

/**
 * Inputs whose names are settled, and that this version answers with a clear no: a stack must not come up
 * without what was asked for. What is malformed is told as such.
 */
export const LATER: Record<string, (text: string) => unknown> = {
  'http-proxy': ANY,
  'no-proxy': ANY,
}

/** What an input of a later version gets as its answer. */
export function answerLater(name: string, text: string): string {
  try {
    LATER[name]?.(text)
  } catch (thrown) {
    if (!(thrown instanceof Expected)) throw thrown
    return `expected ${thrown.message}, got "${thrown.got ?? text}"; besides, this version does not have it yet`
  }
  return 'is not available in this version'
}
