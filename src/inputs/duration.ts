import { Expected } from './expected.ts'

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const
const PATTERN = /^(?:(?<d>\d{1,6})d)?(?:(?<h>\d{1,6})h)?(?:(?<m>\d{1,6})m)?(?:(?<s>\d{1,8})s)?$/

/** "48h", "7d", "90s", "5h30m", "0" in milliseconds. @throws Expected */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const groups = text === '' ? undefined : PATTERN.exec(text)?.groups
  if (groups === undefined) throw new Expected('a duration such as 48h, 7d, 90s or 5h30m')
  const units = Object.entries(UNITS)
  return units.reduce((sum, [unit, ms]) => sum + Number(groups[unit] ?? 0) * ms, 0)
}

/** How long a stack lives: from an hour to a year. @throws Expected */
export function parseLife(text: string): number {
  const ms = parseDuration(text)
  if (ms < UNITS.h || ms > 365 * UNITS.d) throw new Expected('a time to live from 1h to 365d, such as 48h')
  return ms
}
