import { mkdtempSync } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect } from 'expect'
import { repositoryFolder } from '../runner/action-file.ts'
import { defaultRepository } from '../runner/environment.ts'
import { attempt, output } from './eye/command.ts'
import { labEnvironment, tool } from './eye/lab.ts'

export type ByAct = {
  /** File of a workflow, or its text. */
  workflow: { example: string } | { text: string }
  event: { name: string; payload?: object }
  vars?: Record<string, string>
  secrets?: Record<string, string>
  /** Inputs of a dispatch; act reads them from the event, as it gets one, and nowhere else. */
  inputs?: Record<string, string>
  env?: Record<string, string>
  /** Put before act, so that it runs where a runner of that network would. */
  wrap?: string[]
}

/**
 * Runs a workflow as it stands by act, in a clone of this checkout as the repository acme/platform.
 * act's host mode takes the first node of PATH for every action, whatever the action says.
 */
export async function byAct({ workflow, event, vars = {}, secrets = {}, inputs = {}, env = {}, wrap = [] }: ByAct) {
  const folder = mkdtempSync(join(tmpdir(), 'act-'))
  try {
    const work = join(folder, 'platform')
    await output('git', ['clone', '--quiet', '--depth', '1', `file://${repositoryFolder}`, work])
    await output('git', ['-C', work, 'remote', 'set-url', 'origin', 'https://github.com/acme/platform.git'])
    // What of a run counts on GitHub counts on the default branch; this checkout may be on any, or on none.
    await output('git', ['-C', work, 'checkout', '--quiet', '-B', 'main'])
    const file = join('.github', 'workflows', 'use.yml')
    await mkdir(join(work, dirname(file)), { recursive: true })
    if ('text' in workflow) await writeFile(join(work, file), workflow.text)
    else await copyFile(join(repositoryFolder, 'examples', workflow.example), join(work, file))
    const [varFile, secretFile, eventFile] = ['vars', 'secrets', 'event.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(varFile, lines(vars))
    await writeFile(secretFile, lines(secrets), { mode: 0o600 })
    await writeFile(eventFile, JSON.stringify({ repository: { full_name: 'acme/platform' }, inputs, ...event.payload }))
    const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
    const args = [
      ...[event.name, '-P', 'ubuntu-latest=-self-hosted', '-W', file, '--no-cache-server'],
      ...['--var-file', varFile, '--secret-file', secretFile, '-e', eventFile],
      ...Object.entries({ ...labEnvironment(), ...repositoryId(), ...env }).flatMap(([name, value]) => [
        '--env',
        `${name}=${value}`,
      ]),
    ]
    const [program = '', ...rest] = [...wrap, tool('act'), ...args]
    return await attempt(program, rest, { cwd: work, env: { ...process.env, PATH: path } })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The log of a workflow that must have succeeded. */
export async function succeeds(run: ReturnType<typeof byAct>): Promise<string> {
  const { exitCode, stdout } = await run
  expect({ exitCode, log: exitCode === 0 ? '' : stdout.slice(-4_000) }).toEqual({ exitCode: 0, log: '' })
  return stdout
}

/** An expression as a workflow spells it. */
export const expression = (text: string) => `$\{{ ${text} }}`

/** A step behind that of the id `rancher`, which asks Rancher by its outputs: "later step: pong". */
export const LATER_STEP = {
  env: { URL: expression('steps.rancher.outputs.rancher-url'), CA: expression('steps.rancher.outputs.rancher-ca') },
  run: 'echo "later step: $(curl --silent --show-error --cacert "$CA" "$URL/ping")"',
}

/** act says nothing of the repository's id, by which the owner of a stack is known. */
function repositoryId() {
  return { GITHUB_REPOSITORY_ID: defaultRepository.id }
}

/** As dotenv files have it: quoted, line ends escaped, "$" not expanded. */
function lines(values: Record<string, string>): string {
  const quoted = (value: string) => JSON.stringify(value).replaceAll('$', '\\$')
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('')
}
