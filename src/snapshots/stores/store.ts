import type { Refusal } from '../../errors.ts'
import type { Place } from '../snapshot.ts'

/** A file as a place holds it. */
export type Stored = {
  /** Its name without folder or prefix. */
  file: string
  /** What the place knows it by: id of the artifact, key of the object, path of the file. */
  ref: string
  sizeBytes: number
}

/** A file on this machine that is to be stored. */
export type Packed = { path: string; file: string; sizeBytes: number; sha256: string }

/** One place that keeps files. Errors are StackErrors of kind `snapshot`. */
export interface Store {
  readonly place: Place
  /** What stands against using it; asks it, changes nothing. @param needs whether something is to be written, or removed */
  preflight(needs: { write: boolean; remove: boolean }): Promise<Refusal[]>
  /** Whole files only. */
  list(signal: AbortSignal): Promise<Stored[]>
  /** All of it or nothing, never over another one; what was stored is compared with what was sent. */
  put(packed: Packed, signal: AbortSignal): Promise<{ ref: string; url: string | undefined }>
  /** @returns where it lies on this machine: below `folder`, or where it always lay */
  fetch(ref: string, folder: string, signal: AbortSignal): Promise<string>
  /** Gone after it. */
  remove(ref: string, signal: AbortSignal): Promise<void>
}
