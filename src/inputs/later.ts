/**
 * Inputs whose names are settled, and that this version answers with a clear no: a stack must not come up
 * without what was asked for.
 */
export const LATER: ReadonlySet<string> = new Set(['http-proxy', 'no-proxy'])

/** What an input of a later version gets as its answer. */
export const ANSWER_LATER = 'is not available in this version'
