import { parseDocument, visit } from 'yaml'
import { Expected } from './expected.ts'

/** A key of helm-values or rke-config whose value is a secret by its name. */
const SECRET_KEY = /(password|passwd|token|secretkey|accesskey|secret_key|access_key|private_?key)$/i

/** A YAML map, with neither duplicate keys nor several documents; nothing at all is an empty one. @throws Expected */
export function parseYamlMap(text: string): Record<string, unknown> {
  const document = parseDocument(text, { prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    const line = text.slice(0, problem.pos[0]).split('\n').length
    throw new Expected(`valid YAML (line ${line}: ${problem.message})`, '')
  }
  const value: unknown = document.toJS()
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new Expected('a YAML map of keys and values', '')
  return value as Record<string, unknown>
}

/** What a YAML text holds under keys that name a secret; also of a text that is no valid YAML, as far as it can be read. */
export function secretsInYaml(text: string): string[] {
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
