import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { makeDisk } from '../runner/disk.ts'
import { runAction } from '../runner/runner.ts'
import { watched } from '../runner/witness.ts'
import { installInputs } from './inputs.ts'

test.each(['pull_request', 'pull_request_target'])(
  'a %s from a fork: said plainly, no failure, nothing touched, though its secrets are missing',
  async (name) => {
    await using disk = await makeDisk()
    const repository = (full_name: string) => ({ repo: { full_name } })
    const pull_request = { number: 7, head: repository('stranger/platform'), base: repository('acme/platform') }
    await writeFile(
      join(disk.temp, '_github_workflow', 'event.json'),
      JSON.stringify({ action: 'opened', pull_request }),
    )
    const { touched, env, ...options } = watched(disk)
    const inputs = installInputs({ 'ssh-private-key': '', comment: 'true', 'github-token': '' })
    const run = await runAction(inputs, { ...options, env: { ...env, GITHUB_EVENT_NAME: name } })
    const said = 'Pull request 7 comes from stranger/platform: such a run gets no secrets, so nothing was done.'
    expect({ exitCode: run.exitCode, touched: touched(), notices: run.notices, errors: run.errors }).toEqual({
      ...{ exitCode: 0, touched: [], notices: [said], errors: [] },
    })
    expect(run.outputs).toEqual({ changed: 'false' })
    expect(run.summary).toContain(said)
    expect((await run.post()).lines).toEqual([])
  },
)
