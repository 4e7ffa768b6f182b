import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** The checkout this harness stands in. */
export const repositoryFolder = fileURLToPath(new URL('../../', import.meta.url))

/** What the runner reads of action.yml. */
export type ActionFile = {
  /** Declared inputs with their defaults, '' where there is none. */
  inputs: Record<string, string>
  outputs: string[]
  /** Scripts relative to the folder of action.yml. */
  main: string
  post: string | undefined
}

type Document = {
  inputs?: Record<string, { default?: unknown } | null>
  outputs?: Record<string, unknown>
  runs: { using: string; main: string; post?: string }
}

/** action.yml as the runner takes it; expressions in defaults know `github.token` and nothing else. */
export function readActionFile(folder = repositoryFolder, githubToken = ''): ActionFile {
  const document = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Document
  if (document.runs.using !== 'node24')
    throw new Error(`action.yml says using: ${document.runs.using}, expected node24`)
  const defaults = Object.entries(document.inputs ?? {}).map(([name, input]) => {
    const text = String(input?.default ?? '')
    return [name, text.replace(/\$\{\{\s*github\.token\s*\}\}/g, githubToken)] as const
  })
  return {
    inputs: Object.fromEntries(defaults),
    outputs: Object.keys(document.outputs ?? {}),
    main: document.runs.main,
    post: document.runs.post,
  }
}

/**
 * Inputs as environment: upper case, blanks become `_`, hyphens stay; every declared input is present.
 *
 * @throws Error that names an input action.yml does not declare: a test with a typing error must not pass.
 * @see https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs
 */
export function inputEnvironment(declared: Record<string, string>, given: Record<string, string>) {
  const unknown = Object.keys(given).filter((name) => !(name in declared))
  if (unknown.length > 0) throw new Error(`action.yml declares no input ${unknown.join(', ')}`)
  const values = Object.entries({ ...declared, ...given })
  return Object.fromEntries(values.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]))
}
