// Writes action-types.yml, the types of inputs and outputs for editors, from action.yml. With --check it only compares.
// Format: https://github.com/typesafegithub/github-actions-typing
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { DISTRIBUTIONS, PROVIDERS, TLS_SOURCES, VERIFIES, WAYS_BACK } from '../src/inputs/schema.ts'
import { AVAILABLE_MODES } from '../src/mode.ts'

type Type =
  | { type: 'string' | 'boolean' | 'integer' }
  | { type: 'enum'; 'allowed-values': readonly string[] }
  | { type: 'list'; separator: string; 'list-item': Type }

type Action = { inputs: Record<string, { default?: string }>; outputs: Record<string, unknown> }

/** Choices that are closed, by the code's own lists. */
const ENUMS: Record<string, readonly string[]> = {
  mode: AVAILABLE_MODES,
  provider: PROVIDERS,
  distribution: DISTRIBUTIONS,
  'tls-source': TLS_SOURCES,
  'backup-verify': VERIFIES,
  'on-failure': WAYS_BACK,
}
const INTEGERS = ['node-count', 'keep-last', 'keep-days', 'retention-days', 'aws-volume-size']
/** One value a line. */
const LINES = [
  'hosts',
  'force-nodes',
  'ssh-known-hosts',
  'registry-credentials',
  'backup-to',
  'backup-recipients',
  'backup-identity',
  'snapshot-signer',
].concat('aws-subnets', 'aws-instance-type', 'allowed-cidrs', 'runner-cidr', 'aws-tags')

/** Outputs that are more than text. */
const OUTPUTS: Record<string, Type['type']> = {
  changed: 'boolean',
  'snapshot-size': 'integer',
  'snapshot-revision': 'integer',
}

const root = resolve(import.meta.dirname, '..')
const { inputs, outputs } = parse(readFileSync(resolve(root, 'action.yml'), 'utf8')) as Action
const file = resolve(root, 'action-types.yml')
const types = {
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, typeOf(name, input.default)])),
  outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, { type: OUTPUTS[name] ?? 'string' }])),
}
const wanted = `# Written by npm run readme from action.yml.\n${stringify(types, { blockQuote: false })}`

if (readIfThere(file) === wanted) {
  console.log('action-types.yml has the types of action.yml')
} else if (process.argv.includes('--check')) {
  console.error('action-types.yml differs from action.yml.\nRun: npm run readme, and commit action-types.yml.')
  process.exitCode = 1
} else {
  writeFileSync(file, wanted)
  console.log('action-types.yml: written')
}

function typeOf(name: string, value: string | undefined): Type {
  const choice = ENUMS[name]
  if (choice !== undefined) return { type: 'enum', 'allowed-values': choice }
  if (value === 'true' || value === 'false') return { type: 'boolean' }
  if (INTEGERS.includes(name)) return { type: 'integer' }
  if (LINES.includes(name)) return { type: 'list', separator: '\n', 'list-item': { type: 'string' } }
  return { type: 'string' }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ''
  }
}
