import { expect } from '@jest/globals'
import { stringify } from 'yaml'
import { byAct, expression, LATER_STEP, succeeds } from '../by-act.ts'
import { labEnvironment } from '../eye/lab.ts'
import { minutes } from '../minutes.ts'
import type { Stack } from '../stack.ts'
import type { Case } from './case.ts'
import { examples } from './examples.ts'

export const workflow: Case[] = [
  {
    name: 'a workflow with uses: ./ and a later step that uses rancher-url, run by act',
    from: 'healthy',
    deadlineMs: minutes(6),
    async run(stack) {
      const text = stringify(workflowOf(stack))
      const secrets = { PASSWORD: stack.password }
      const log = await succeeds(byAct({ workflow: { text }, event: { name: 'push' }, secrets }))
      expect(log).toMatch(/\| node v24\./)
      expect(log).toMatch(/\| later step: pong/)
      expect(log).not.toContain(stack.password)
    },
  },
  ...examples,
]

function workflowOf(stack: Stack) {
  const inputs = Object.entries(stack.installInputs()).filter(([, value]) => value !== '')
  const given = { ...Object.fromEntries(inputs), 'bootstrap-password': expression('secrets.PASSWORD') }
  return {
    name: 'use',
    on: 'push',
    jobs: {
      rancher: {
        'runs-on': 'ubuntu-latest',
        env: labEnvironment(),
        steps: [
          { uses: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1' },
          { run: 'echo "node $(node --version)"' },
          { id: 'rancher', uses: './', with: given },
          LATER_STEP,
        ],
      },
    },
  }
}
