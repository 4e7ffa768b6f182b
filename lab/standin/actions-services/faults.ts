/** Something that goes wrong on purpose, once or several times. */
export type Fault = {
  /** The operation it meets, as in `Seen.operation`. */
  operation: string
  /** How many requests it still meets; 1 when absent. */
  times?: number
  /** Answer this status instead. */
  status?: number
  /** Send only this many bytes of a blob, then cut the connection. */
  truncateAtBytes?: number
  /** Flip one bit of a blob on its way out, length unchanged. */
  corrupt?: boolean
}

/** @returns a view on the list that hands out each fault as often as it says, in order */
export function faultList(faults: Fault[]): { take(operation: string): Fault | undefined } {
  return {
    take(operation) {
      const fault = faults.find((candidate) => candidate.operation === operation)
      if (fault === undefined) return undefined
      fault.times = (fault.times ?? 1) - 1
      if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
      return fault
    },
  }
}
