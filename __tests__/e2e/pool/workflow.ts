import { mkdtempSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect } from '@jest/globals'
import { stringify } from 'yaml'
import { repositoryFolder } from '../../runner/action-file.ts'
import { defaultRepository } from '../../runner/environment.ts'
import { attempt, output } from '../eye/command.ts'
import { labEnvironment, tool } from '../eye/lab.ts'
import type { Stack } from '../stack.ts'
import { minutes } from '../stage.ts'
import type { Case } from './case.ts'

export const workflow: Case[] = [
  {
    name: 'a workflow with uses: ./ and a later step that uses rancher-url, run by act',
    from: 'healthy',
    deadlineMs: minutes(6),
    async run(stack) {
      const { exitCode, stdout } = await runByAct(stack)
      expect({ exitCode, log: exitCode === 0 ? '' : stdout.slice(-4_000) }).toEqual({ exitCode: 0, log: '' })
      expect(stdout).toMatch(/\| node v24\./)
      expect(stdout).toMatch(/\| later step: pong/)
      expect(stdout).not.toContain(stack.password)
    },
  },
]

/** act's host mode takes the first node of PATH for every action, whatever the action says: hence the step that asks. */
async function runByAct(stack: Stack) {
  const folder = mkdtempSync(join(tmpdir(), 'act-'))
  try {
    await output('git', ['clone', '--quiet', '--depth', '1', `file://${repositoryFolder}`, folder])
    await mkdir(join(folder, '.github', 'workflows'), { recursive: true })
    await writeFile(join(folder, '.github', 'workflows', 'use.yml'), stringify(workflowOf(stack)))
    const secrets = join(folder, '..', `${folder.split('/').at(-1)}.secrets`)
    await writeFile(secrets, `PASSWORD=${stack.password}\n`, { mode: 0o600 })
    const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
    const args = [
      'push',
      '-P',
      'ubuntu-latest=-self-hosted',
      '-W',
      '.github/workflows/use.yml',
      '--secret-file',
      secrets,
    ]
    const ran = await attempt(tool('act'), args, { cwd: folder, env: { ...process.env, PATH: path } })
    await rm(secrets)
    return ran
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function workflowOf(stack: Stack) {
  const inputs = Object.entries(stack.installInputs()).filter(([, value]) => value !== '')
  const given = { ...Object.fromEntries(inputs), 'bootstrap-password': expression('secrets.PASSWORD') }
  return {
    name: 'use',
    on: 'push',
    jobs: {
      rancher: {
        'runs-on': 'ubuntu-latest',
        // act says nothing of the repository's id, by which the owner of a stack is known.
        env: { ...labEnvironment(), GITHUB_REPOSITORY_ID: defaultRepository.id },
        steps: [
          { uses: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1' },
          { run: 'echo "node $(node --version)"' },
          { id: 'rancher', uses: './', with: given },
          {
            env: {
              URL: expression('steps.rancher.outputs.rancher-url'),
              CA: expression('steps.rancher.outputs.rancher-ca'),
            },
            run: 'echo "later step: $(curl --silent --show-error --cacert "$CA" "$URL/ping")"',
          },
        ],
      },
    },
  }
}

/** An expression as a workflow spells it. */
const expression = (text: string) => `$\{{ ${text} }}`
