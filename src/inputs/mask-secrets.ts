import { parseLines } from './expected.ts'
import { SECRETS } from './schema.ts'

/**
 * Masks every input that is a secret, whatever else is wrong with the inputs.
 *
 * A state of rke is JSON of many lines, and a runner masks each line of what it is given: only the keys
 * inside are secrets, and only they are masked, or every brace of the log would be hidden.
 */
export function maskSecrets(given: Record<string, string>, mask: (secret: string) => void): void {
  for (const name of SECRETS) {
    const text = given[name]
    if (text !== undefined) for (const secret of secretsOf(name, text)) mask(secret)
  }
}

function secretsOf(name: string, text: string): string[] {
  if (name === 'registry-credentials') {
    return text.split(/\r?\n/).flatMap((line) => line.trim().split(/\s+/).slice(2))
  }
  if (name === 'rke-state') return keyLines(text)
  if (name === 'backup-identity') return parseLines(text)
  return [text]
}

/** Lines of base64 of the private keys in a JSON text, where their line ends are written "\n". */
function keyLines(text: string): string[] {
  const keys = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|[^"])*?-----END [A-Z ]*PRIVATE KEY-----/g) ?? []
  return keys.flatMap((key) => key.split(/\\n|\n/).filter((line) => line.length >= 16 && !line.startsWith('-----')))
}
