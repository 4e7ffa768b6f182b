import { expect } from '@jest/globals'
import { stringify } from 'yaml'
import { type AwsStack, openAccount } from '../../account.ts'
import { byAct, expression, LATER_STEP, succeeds } from '../../by-act.ts'
import { minutes } from '../../minutes.ts'
import type { Case } from '../case.ts'

export const preview: Case[] = [
  {
    name: 'aws: a preview by uses: ./ in act: made in an empty account, its URL used by a later step, taken away',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const empty = await account.world()
      const stack = account.stack('pr-7', 'inside')
      const { wrap = [], env = {} } = stack.where()
      const { 'ssh-private-key': key = '' } = stack.identity
      const log = await succeeds(
        byAct({
          workflow: { text: stringify(workflowOf(stack)) },
          event: { name: 'push' },
          secrets: { PASSWORD: stack.password, KEY: key },
          env,
          wrap,
        }),
      )
      expect(log).toMatch(/\| later step: pong/)
      expect(log).not.toContain(stack.password)
      expect(await account.world()).toEqual(empty)
    },
  },
]

function workflowOf(stack: AwsStack) {
  const given = (inputs: Record<string, string>) =>
    Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== ''))
  const secrets = { 'ssh-private-key': expression('secrets.KEY') }
  const install = { ...given(stack.installInputs()), ...secrets, 'bootstrap-password': expression('secrets.PASSWORD') }
  const destroy = { mode: 'destroy', ...given(stack.identity), ...secrets }
  return {
    name: 'preview',
    on: 'push',
    jobs: {
      rancher: {
        'runs-on': 'ubuntu-latest',
        steps: [
          { uses: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1' },
          { id: 'rancher', uses: './', with: { ...install, ttl: '2h' } },
          LATER_STEP,
          { uses: './', with: { ...destroy, confirm: stack.hostname, 'last-snapshot': 'false' } },
        ],
      },
    },
  }
}
