import type { RegistryCredential } from '../settings.ts'
import { Expected, parseLines } from './expected.ts'

/** "registry username password", one a line. @throws Expected, never with the password */
export function parseRegistryCredentials(text: string): RegistryCredential[] {
  return parseLines(text).map((line, index) => {
    const [registry, username, password, ...rest] = line.split(/\s+/)
    const isWhole = registry !== undefined && username !== undefined && password !== undefined && rest.length === 0
    if (!isWhole) throw new Expected(`"registry username password", one a line (line ${index + 1} is not)`, '')
    return { registry, username, password }
  })
}
