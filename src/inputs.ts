import type { core } from 'zod'
import { type Refusal, throwRefusals } from './errors.ts'
import { ANSWER_LATER, LATER } from './inputs/later.ts'
import { maskSecrets } from './inputs/mask-secrets.ts'
import { nearest } from './inputs/nearest.ts'
import { refuseMissing, refuseTogether } from './inputs/refuse.ts'
import { DEFAULT_USER, inputNames, SECRETS, schemas } from './inputs/schema.ts'
import { settingsOf } from './inputs/settings.ts'
import { type AvailableMode, parseMode } from './mode.ts'
import type { Settings } from './settings.ts'

type Yaml = Pick<typeof import('./inputs/yaml-map.ts'), 'parseYamlMap' | 'secretsInYaml'>

/** What inputs are read in. */
export type Surroundings = {
  env: Record<string, string | undefined>
  now: Date
  /** Hides a secret in everything told from now on. */
  mask(secret: string): void
  warn(text: string): void
}

/**
 * The inputs of a run, parsed once. Reads nothing but the environment it is given.
 *
 * @throws StackError of kind `input` that tells all that is wrong at once
 */
export async function parseInputs({ env, now, mask, warn }: Surroundings): Promise<Settings> {
  const given = { ...surroundingRegion(env), ...givenInputs(env) }
  maskSecrets(given, mask)
  const yaml = await yamlFor(given)
  for (const name of YAML_INPUTS) for (const secret of yaml.secretsInYaml(given[name] ?? '')) mask(secret)
  const mode = parseMode(given['mode'] ?? '')
  const schema = schemas[mode]({ user: given['ssh-user'] ?? DEFAULT_USER, parseYamlMap: yaml.parseYamlMap })
  warnUnknown(given, schema.shape, warn)
  const result = schema.safeParse(given)
  const malformed = result.success ? [] : refuseMalformed(result.error.issues, given, mode)
  const wrong = new Set(malformed.map(({ subject }) => subject))
  const values = { mode, ...schema.parse(without(given, wrong)) } as Parameters<typeof settingsOf>[0]
  const missing = refuseMissing(values, wrong)
  for (const { subject } of missing) wrong.add(subject)
  throwRefusals([...malformed, ...missing, ...refuseTogether(values, wrong, now), ...refuseLater(given, mode)])
  return settingsOf(values, env, now)
}

/** What was given, by the input's name; what is empty was not given. */
function givenInputs(env: Surroundings['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) => {
      const text = value?.trim() ?? ''
      return key.startsWith('INPUT_') && text !== '' ? [[key.slice('INPUT_'.length).toLowerCase(), text]] : []
    }),
  )
}

/** The region that whoever made the job's session has set, as every tool of AWS takes it. */
function surroundingRegion(env: Surroundings['env']): Record<string, string> {
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION']
  return env['INPUT_PROVIDER']?.trim() === 'aws' && region ? { 'aws-region': region } : {}
}

const YAML_INPUTS = ['helm-values', 'rke-config']

/** The parser of YAML is loaded only where there is YAML: its loading costs as much as all else that is done here. */
async function yamlFor(given: Record<string, string>): Promise<Yaml> {
  if (YAML_INPUTS.some((name) => name in given)) return import('./inputs/yaml-map.ts')
  return { parseYamlMap: () => ({}), secretsInYaml: () => [] }
}

/** The runner warns of inputs that action.yml does not declare; it cannot say which was meant. */
function warnUnknown(given: Record<string, string>, ofMode: object, warn: (text: string) => void): void {
  const others = Object.keys(given).filter((name) => !(name === 'mode' || name in ofMode || LATER.has(name)))
  if (others.length === 0) return
  const known = inputNames()
  for (const name of others) {
    if (known.has(name)) continue
    const meant = nearest(name, known)
    warn(`There is no input ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  }
}

function refuseMalformed(issues: core.$ZodIssue[], given: Record<string, string>, mode: AvailableMode): Refusal[] {
  return issues.map((issue) => {
    const name = String(issue.path[0])
    const part: unknown = issue.code === 'custom' ? issue.params?.['got'] : undefined
    const got = typeof part === 'string' ? part : (given[name] ?? '')
    const isSecret = SECRETS.some((secret) => secret === name)
    const told = isSecret || got === '' ? '' : `, got ${JSON.stringify(shortened(got))}`
    return {
      kind: 'input',
      subject: name,
      what: `expected ${issue.message}${told} (mode ${mode}).`,
      next: 'Correct the inputs and run again.',
    }
  })
}

function refuseLater(given: Record<string, string>, mode: AvailableMode): Refusal[] {
  return Object.keys(given)
    .filter((name) => LATER.has(name))
    .map((name) => ({
      kind: 'input',
      subject: name,
      what: `${ANSWER_LATER} (mode ${mode}).`,
      next: 'Leave out what this version does not have.',
    }))
}

function without(given: Record<string, string>, names: Set<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name)))
}

function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`
}
