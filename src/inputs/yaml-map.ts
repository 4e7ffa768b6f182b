import { parseDocument } from 'yaml'
import { Expected } from './expected.ts'

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
