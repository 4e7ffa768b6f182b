import { parseDocument, visit } from 'yaml'
import { SECRETS } from './schema.ts'

/** A key of helm-values or rke-config whose value is a secret by its name. */
const SECRET_KEY = /(password|passwd|token|secretkey|accesskey|secret_key|access_key|private_?key)$/i

/**
 * Masks every secret among the inputs, whatever else is wrong with them.
 *
 * A state of rke is JSON of many lines, and a runner masks each line of what it is given: only the keys
 * inside are secrets, and only they are masked, or every brace of the log would be hidden.
 */
export function maskSecrets(given: Record<string, string>, mask: (secret: string) => void): void {
  for (const name of SECRETS) {
    const text = given[name]
    if (text !== undefined) for (const secret of secretsOf(name, text)) mask(secret)
  }
  for (const name of ['helm-values', 'rke-config']) {
    for (const secret of secretsInYaml(given[name] ?? '')) mask(secret)
  }
}

function secretsOf(name: string, text: string): string[] {
  if (name === 'registry-credentials') {
    return text.split(/\r?\n/).flatMap((line) => line.trim().split(/\s+/).slice(2))
  }
  if (name === 'rke-state') return keyLines(text)
  return [text]
}

/** Lines of base64 of the private keys in a JSON text, where their line ends are written "\n". */
function keyLines(text: string): string[] {
  const keys = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|[^"])*?-----END [A-Z ]*PRIVATE KEY-----/g) ?? []
  return keys.flatMap((key) => key.split(/\\n|\n/).filter((line) => line.length >= 16 && !line.startsWith('-----')))
}

function secretsInYaml(text: string): string[] {
  const found: string[] = []
  visit(parseDocument(text), {
    Pair(_, { key, value }) {
      const name = String(key)
      const content = value !== null && typeof value === 'object' && 'value' in value ? value.value : undefined
      if (SECRET_KEY.test(name) && typeof content === 'string' && content.length >= 4) found.push(content)
    },
  })
  return found
}
