export type Kind = 'equivalent' | 'message text only' | 'gap'

/** What was made of a mutant that no test sees; `code` is the line it begins in, where the rest would fit several. */
export type Judged = { file: string; code?: string; from: string; to: string; kind: Kind; why: string }

export const JUDGED: Judged[] = []
