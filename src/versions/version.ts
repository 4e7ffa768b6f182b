const PATTERN = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/

/** The numbers of "v1.32.6-rancher1-1", "2.11.3", "1.30"; undefined for what is not a version. */
export function parseVersion(text: string): { numbers: [number, number, number]; pre: string } | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  return { numbers: [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)], pre: match[4] ?? '' }
}

/** "2.11" of "v2.11.3"; the text itself when it is not a version. */
export function minorOf(text: string): string {
  const version = parseVersion(text)
  return version === undefined ? text : `${version.numbers[0]}.${version.numbers[1]}`
}

/** Negative when `a` is older. A pre-release is older than its release; what is no version is older than all. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a)
  const right = parseVersion(b)
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  for (const at of [0, 1, 2] as const) {
    const difference = left.numbers[at] - right.numbers[at]
    if (difference !== 0) return difference
  }
  if (left.pre === '' || right.pre === '') return Number(left.pre === '') - Number(right.pre === '')
  return left.pre.localeCompare(right.pre, 'en', { numeric: true })
}

/** A version without its leading v, as charts and images number themselves. */
export function bare(version: string): string {
  return version.replace(/^v/, '')
}

/** "2.12" of "2.11". */
export function nextMinor(minor: string): string {
  const [major = 0, number = 0] = parseVersion(minor)?.numbers ?? []
  return `${major}.${number + 1}`
}
