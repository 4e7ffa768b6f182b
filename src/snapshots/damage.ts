import { StackError } from '../errors.ts'

/** A stored snapshot that is not, byte for byte, what was stored. */
export function damaged(why: string, cause?: unknown): StackError {
  return new StackError('snapshot', `The snapshot is damaged: ${why}.`, {
    stands: 'Nothing was touched.',
    next: 'Take another copy of this snapshot, or another snapshot.',
    cause,
  })
}
