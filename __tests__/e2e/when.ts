/** Does something once, when the log of a run comes to a line; what it threw is thrown where it is awaited. */
export function when(line: RegExp, act: () => Promise<unknown>) {
  let begun: Promise<unknown> | undefined
  return {
    /** For the run's options. */
    onLine(text: string): void {
      if (begun !== undefined || !line.test(text)) return
      begun = act()
      // Told where it is awaited, which may be long after.
      begun.catch(() => undefined)
    },
    /** After the run. @throws Error when the line never came */
    async happened(): Promise<void> {
      if (begun === undefined) throw new Error(`the log never came to ${line}`)
      await begun
    },
  }
}
