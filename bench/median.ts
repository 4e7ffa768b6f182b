export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

/** "12 (11–14, 7 runs)": the median, and how far the runs were apart. */
export function spread(values: number[], digits = 0): string {
  if (values.length === 1) return `${median(values).toFixed(digits)} (1 run)`
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return `${median(values).toFixed(digits)} (${least}–${most}, ${values.length} runs)`
}
