/**
 * The right of one run at a time to change the stack. What changes something takes it as an argument;
 * a dry run has none.
 */
export interface Lease extends AsyncDisposable {
  /** "run/attempt" of the holder. */
  readonly holder: string
  readonly generation: number
  /** Aborted when the lease could not be renewed in time: the holder must stop at once. */
  readonly lost: AbortSignal
}
