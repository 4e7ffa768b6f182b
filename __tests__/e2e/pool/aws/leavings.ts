import { expect } from '@jest/globals'
import { killTree } from '../../../runner/processes.ts'
import { runAction } from '../../../runner/runner.ts'
import type { Cancel } from '../../../runner/step.ts'
import { type Account, type AwsStack, openAccount } from '../../account.ts'
import { docker } from '../../eye/docker.ts'
import { machine, on } from '../../eye/machines.ts'
import { minutes } from '../../minutes.ts'
import { succeeds } from '../../stack.ts'
import { until } from '../../until.ts'
import type { Case } from '../case.ts'

const RUNNER = /198\.51\.100\.7/

/** Moments of a first install, in their order. */
const MAKING: Cancel[] = [
  { onLine: /\[1\/15\]/ },
  { onLine: /\] Create the load balancer/, thenMs: 200 },
  { onLine: /\] (Create|Finish) node-/, thenMs: 500 },
  { onLine: /\] Load images on node-1/, thenMs: 2_000 },
  { onLine: /\] Build Kubernetes/, thenMs: 15_000 },
]

const REMOVING: Cancel[] = [
  { onLine: /\[1\/9\]/ },
  { onLine: /\] Remove node-1/, thenMs: 100 },
  { onLine: /\] Remove the load balancer/, thenMs: 300 },
]

export const leavings: Case[] = [
  {
    name: 'aws: installs and destroys cancelled one after the other: no rule admits the runner, and at last the account is as it was',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const before = await account.world()
      const stack = account.stack('outer', 'outside')
      let runId = 1000
      for (const cancel of MAKING) {
        runId += 1
        const done = await stack.install({ 'wait-for-lease': '6m' }, { runId: String(runId), cancel })
        expect([runId, done.cancelledAtMs !== undefined]).toEqual([runId, true])
        expect((await account.admitted(stack.name)).filter((rule) => RUNNER.test(rule))).toEqual([])
      }
      await expectKilled(account, stack)
      for (const cancel of REMOVING) {
        runId += 1
        await stack.destroy({ 'wait-for-lease': '6m' }, { runId: String(runId), cancel })
      }
      await succeeds(stack.destroy({ 'wait-for-lease': '6m' }))
      expect(await account.world()).toEqual(before)
    },
  },
  {
    name: 'aws: sweep takes what has expired and the door of a killed run, and leaves what is unexpired or protected; machines end themselves when nothing sweeps',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const [kept, longer, over] = ['kept', 'longer', 'over'].map((name) => account.stack(name, 'outside')) as [
        AwsStack,
        AwsStack,
        AwsStack,
      ]
      await machinesOf(kept)
      await machinesOf(longer, { ttl: '48h' })
      const world = await account.world()
      await machinesOf(over, { ttl: '1h' })
      expect((await succeeds(kept.sweep())).outputs['changed']).toBe('false')

      await pretendOver(account, over)
      const listed = await succeeds(kept.sweep({ 'dry-run': 'true' }))
      expect(listed.plan.map(({ title }) => title)).toEqual([expect.stringMatching(/^Remove stack over: expired at /)])
      expect((await succeeds(kept.sweep())).outputs['changed']).toBe('true')
      expect(await account.world()).toEqual(world)

      await leaveDoor(account, kept)
      expect((await succeeds(kept.sweep())).outputs['changed']).toBe('true')
      expect(await account.world()).toEqual(world)

      const node = await machine(longer.name, 'node-1')
      expect(Number(await on(node, 'cat /etc/rancher-ha/expires'))).toBeGreaterThan(Date.now() / 1000 + 47 * 3600)
      await on(node, 'echo 1 >/etc/rancher-ha/expires')
      await until('the machine to have ended itself', minutes(3), async () => {
        return !(await account.instances(longer.name)).has('node-1')
      })
      expect(await docker('ps', '--all', '--quiet', '--filter', `name=${node.container}`)).toBe('')
    },
  },
]

/** A run whose processes are killed while its door is open; its post is the second net. */
async function expectKilled(account: Account, stack: AwsStack): Promise<void> {
  const death = killAt(/\] (Load images|Build Kubernetes)/, () => account.admitted(stack.name))
  const killed = await stack.install({ 'wait-for-lease': '6m' }, { runId: '2000', ...death.options })
  expect(killed.signal).toBe('SIGKILL')
  expect((await death.seen)?.filter((rule) => RUNNER.test(rule)).sort()).toEqual([
    'balancer 443 198.51.100.7/32',
    'balancer 80 198.51.100.7/32',
    'nodes 22 198.51.100.7/32',
  ])
  expect((await account.admitted(stack.name)).filter((rule) => RUNNER.test(rule))).toEqual([])
}

/** Looks when a line is written, and then kills all that belongs to the run. */
function killAt<T>(line: RegExp, look: () => Promise<T>) {
  const { promise: seen, resolve } = Promise.withResolvers<T>()
  let trackingId = ''
  let isOver = false
  const options = {
    onStart(id: string) {
      trackingId = id
    },
    async onLine(text: string) {
      if (isOver || !line.test(text)) return
      isOver = true
      resolve(await look())
      await killTree(trackingId)
    },
  }
  return { seen, options }
}

/** The machines of a stack and all around them; the run is cancelled before there is a cluster. */
async function machinesOf(stack: AwsStack, inputs: Record<string, string> = {}): Promise<void> {
  const done = await stack.install(inputs, { cancel: { onLine: /\] Load images on node-1/ } })
  expect(done.cancelledAtMs).toBeDefined()
}

/** As if the hour were over: the tag that says so is what counts. */
async function pretendOver({ ec2, cloud }: Account, { name }: AwsStack): Promise<void> {
  const groups = (await cloud.moto.groups()).filter((group) => group.name.startsWith(`rancher-ha-${name}-`))
  const Tags = [{ Key: 'rancher-ha/expires', Value: new Date(Date.now() - 1_000).toISOString() }]
  await ec2.createTags({ Resources: groups.map(({ id }) => id), Tags })
}

/** What a killed run leaves whose post never came, once the run must be over. */
async function leaveDoor({ ec2, cloud, admitted }: Account, stack: AwsStack): Promise<void> {
  const death = killAt(/\] Load images on node-1/, async () => true)
  await using _lost = await runAction(
    { ...stack.installInputs(), 'wait-for-lease': '6m' },
    stack.where({ runId: '3000', label: 'lost', ...death.options }),
  )
  expect((await admitted(stack.name)).filter((one) => RUNNER.test(one))).toHaveLength(3)
  const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({})
  const past = new Date(Date.now() - 3_600_000).toISOString()
  for (const { SecurityGroupRuleId = '', Tags = [] } of SecurityGroupRules) {
    const doors = Tags.filter(({ Key }) => Key?.startsWith('rancher-ha/door/'))
    const ended = doors.map(({ Key }) => ({ Key, Value: past }))
    if (ended.length > 0) await ec2.createTags({ Resources: [SecurityGroupRuleId], Tags: ended })
  }
  const claim = (await cloud.moto.groups()).find(({ name }) => name.endsWith('-claim'))
  const Tags = [{ Key: 'rancher-ha/renewed', Value: past }]
  if (claim !== undefined) await ec2.createTags({ Resources: [claim.id], Tags })
}
