import { expect } from '@jest/globals'
import { type Account, type AwsStack, openAccount } from '../../account.ts'
import { atStep } from '../../at-step.ts'
import { readMarker, writeMarker } from '../../eye/rancher.ts'
import { expectAllYes, expectHealthy, membersOf, type Seen } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { succeeds } from '../../stack.ts'
import { openVault, type Vault } from '../../vault.ts'
import { when } from '../../when.ts'
import type { Case } from '../case.ts'

const [OLD, NEW] = ['m6i.xlarge', 'm5.xlarge']
const ASKED = { 'aws-instance-type': NEW }
const MARKER = 'before the nodes were replaced'

/** Each node gives way to the one behind it; the first free name is taken. */
const PAIRS = [
  ['node-1', 'node-4'],
  ['node-2', 'node-1'],
  ['node-3', 'node-2'],
] as const
const AFTER = ['node-1', 'node-2', 'node-4']

/** Type of each machine that lives, by node, as the account's owner sees it. */
async function types({ ec2, instances }: Account, stack: AwsStack): Promise<Record<string, string>> {
  const living = await instances(stack.name)
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [...living.values()].map(({ id }) => id) })
  const all = (Reservations ?? []).flatMap(({ Instances }) => Instances ?? [])
  const typeOf = (id: string) => String(all.find(({ InstanceId }) => InstanceId === id)?.InstanceType)
  return Object.fromEntries([...living].map(([name, { id }]) => [name, typeOf(id)]))
}

async function installed(stack: AwsStack): Promise<Seen> {
  expectAllYes(await succeeds(stack.install()))
  await writeMarker(stack.view, stack.password, MARKER)
  return await expectHealthy(stack)
}

/** Three machines of the new type and the same cluster on them; nothing is left to do for anybody. */
async function expectReplaced(account: Account, stack: AwsStack, before: Seen): Promise<void> {
  expect(await types(account, stack)).toEqual(Object.fromEntries(AFTER.map((name) => [name, NEW])))
  const { uid, ca } = await expectHealthy(stack, AFTER)
  expect({ uid, ca }).toEqual({ uid: before.uid, ca: before.ca })
  expect(await readMarker(stack.view, stack.password)).toBe(MARKER)
  const again = await account.calls(() => succeeds(stack.install(ASKED)))
  expect({ plan: again.result.plan, changing: again.changing }).toEqual({ plan: [], changing: [] })
}

type On = { account: Account; stack: AwsStack; vault: Vault; before: Seen }

/** A case on a healthy stack of the old type. */
const onOldType = (name: string, deadlineMs: number, act: (on: On) => Promise<void>): Case => ({
  name,
  from: 'bare',
  deadlineMs,
  async run() {
    await using account = await openAccount()
    const stack = account.stack('inner', 'inside')
    await using vault = await openVault(stack, stack)
    await act({ account, stack, vault, before: await installed(stack) })
  },
})

export const replacements: Case[] = [
  onOldType(
    'aws: upgrade to another instance type: one node after the other, the new one joined before the old one leaves',
    minutes(60),
    async ({ account, stack, vault, before }) => {
      const kept = await succeeds(stack.install(ASKED))
      expect(kept.plan).toEqual([])
      expect(kept.warnings.join()).toMatch(`node-1 is not what is asked for (${OLD} → ${NEW})`)
      const dry = await account.calls(() => succeeds(vault.upgrade({ ...ASKED, 'dry-run': 'true' })))
      expect(dry.changing).toEqual([])
      const ids = dry.result.plan.map(({ id }) => id)
      for (const [node, by] of PAIRS) {
        const story = [`create-${by}-for-${node}`, `join-${by}-for-${node}`, `drain-${node}`, `retire-${node}`]
        expect(ids.filter((id) => story.includes(id))).toEqual(story)
      }

      const seen: Record<string, { members: number; machines: number }> = {}
      const looks = PAIRS.map(([node]) =>
        when(new RegExp(`::group::.*Drain ${node}`), async () => {
          const members = (await membersOf(stack)).filter(({ healthy }) => healthy)
          seen[node] = { members: members.length, machines: (await account.instances(stack.name)).size }
        }),
      )
      const onLine = (line: string) => looks.forEach((look) => void look.onLine(line))
      const done = await succeeds(vault.upgrade(ASKED, { onLine }))
      for (const look of looks) await look.happened()
      expectAllYes(done)
      expect(done.plan.map(({ id }) => id)).toEqual(ids)
      expect(seen).toEqual(Object.fromEntries(PAIRS.map(([node]) => [node, { members: 4, machines: 4 }])))
      await expectReplaced(account, stack, before)
      expect((await succeeds(vault.upgrade(ASKED))).plan).toEqual([])
    },
  ),
  onOldType(
    'aws: upgrade to another instance type cancelled at each of its steps, the runner lost: the last run ends all yes, no machine is too many',
    minutes(90),
    async ({ account, stack, vault, before }) => {
      const moments = [
        atStep('Create node-4', 2_000),
        atStep('Join node-4', 30_000),
        atStep('Drain node-1', 2_000),
        atStep('Take node-1 out', 20_000),
        atStep('Remove node-1'),
        atStep('Join node-1', 60_000),
        atStep('Say that node-2 goes', 1_000),
      ]
      for (const [at, cancel] of moments.entries()) {
        const run = await vault.upgrade({ ...ASKED, 'wait-for-lease': '5m' }, { cancel, runId: String(1001 + at) })
        expect({ at, cancelled: run.cancelledAtMs !== undefined }).toEqual({ at, cancelled: true })
        expect((await account.instances(stack.name)).size).toBeLessThanOrEqual(4)
      }
      expectAllYes(await succeeds(vault.upgrade({ ...ASKED, 'wait-for-lease': '5m' }, { runId: '1100' })))
      await expectReplaced(account, stack, before)
    },
  ),
  onOldType(
    'aws: install in the middle of a replacement takes the machine that is too many, and the next upgrade goes on',
    minutes(60),
    async ({ account, stack, vault, before }) => {
      const wait = { 'wait-for-lease': '5m' }
      await vault.upgrade(ASKED, { cancel: atStep('Drain node-1', 1_000), runId: '1001' })
      expectAllYes(await succeeds(stack.install(wait, { runId: '1002' })))
      expect(Object.keys(await types(account, stack)).sort()).toEqual(['node-2', 'node-3', 'node-4'])
      expectAllYes(await succeeds(vault.upgrade({ ...ASKED, ...wait }, { runId: '1003' })))
      await expectReplaced(account, stack, before)
    },
  ),
]
