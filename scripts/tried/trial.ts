import type { ErrorKind } from '../../src/errors.ts'

/** A test that brings an error with this way out about, does what it says, and sees that it works. */
export type Trial = {
  /** Below __tests__, such as "unit/remedies/nodes.test.ts". */
  file: string
  /** Its title as it stands in that file; a way out is the title where a test is about nothing else. */
  test: string
}

/** By kind of error, and by the way out as the code has it; what is computed at run time reads as "…". */
export type Tried = Partial<Record<ErrorKind, Record<string, Trial[]>>>

export const by = (file: string, test: string): Trial => ({ file, test })

/** The ways out that the tests of one file are called by. */
export function inFile(file: string, ways: string[]): Record<string, Trial[]> {
  return Object.fromEntries(ways.map((way) => [way, [by(file, way)]]))
}
