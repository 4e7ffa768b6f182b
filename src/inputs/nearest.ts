/** The candidate with the fewest letters to change; undefined when none is close enough to be meant. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined
  for (const name of candidates) {
    const found = distance(text, name)
    if (best === undefined || found < best.distance) best = { name, distance: found }
  }
  return best !== undefined && best.distance <= Math.max(2, text.length / 4) ? best.name : undefined
}

/** Levenshtein: insertions, deletions and changes of one letter. */
export function distance(one: string, other: string): number {
  const letters = [...other]
  let row = [0, ...letters.map((_, at) => at + 1)]
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1]
    for (const [column, match] of letters.entries()) {
      const change = (row[column] ?? 0) + (letter === match ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
