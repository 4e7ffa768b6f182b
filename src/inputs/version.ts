import { LATEST_PATCH } from '../versions/resolve.ts'
import { Expected } from './expected.ts'

const EXACT = /^v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/

/** An exact version without its leading "v" ("2.11.3", "1.32.6-rancher1-1"). @throws Expected */
export function parseExactVersion(text: string): string {
  const version = EXACT.exec(text)?.[1]
  if (version === undefined) throw new Expected('an exact version such as 1.2.3')
  return version
}

/** An exact version without its leading "v", or `latest-patch`. @throws Expected */
export function parseVersionOrPatch(text: string): string {
  if (text === LATEST_PATCH) return text
  try {
    return parseExactVersion(text)
  } catch {
    throw new Expected(`an exact version such as 1.2.3, or ${LATEST_PATCH}`)
  }
}
