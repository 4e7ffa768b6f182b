import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ByHand, helmUpgrade, installByHand, rkeUp } from '../__tests__/e2e/documented.ts'
import { output } from '../__tests__/e2e/eye/command.ts'
import { docker } from '../__tests__/e2e/eye/docker.ts'
import { tool } from '../__tests__/e2e/eye/lab.ts'
import { type Done, succeeds } from '../__tests__/e2e/stack.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { bareGround, costOf, expectAnswer, needLab, removeGround, secondsOf, stack, underTest } from './lab.ts'
import { median, spread } from './median.ts'
import { inTurns, Runs, say } from './record.ts'
import { writeSection } from './results.ts'

/** A cluster that both can run on again: made by the documented commands, and adopted by the action. */
type Standing = { of: string; machines: string; byHand: ByHand; inputs: Record<string, string> }

const KEPT = join(repositoryFolder, '.out', 'bench', 'standing.json')

/** The second run of the action, and of `rke up` and `helm upgrade --install`, on one cluster, when nothing is to do. */
export async function benchAgain(rounds = 7): Promise<void> {
  await needLab()
  const of = await underTest('again')
  const runs = new Runs('again', of)
  const { inputs, byHand } = await standing(of)
  const install = () => succeeds(stack.install(inputs, { label: 'bench-again' }))
  await inTurns(runs, rounds, [
    {
      what: 'action',
      async run() {
        await untilNothing(install)
        const done = await install()
        expectNothing(done)
        return costOf(done)
      },
    },
    {
      what: 'by hand',
      async run() {
        await writeLiveValues(byHand)
        return secondsOf(async () => {
          await rkeUp(byHand)
          await helmUpgrade(byHand)
        })
      },
    },
  ])
  writeSection('again', section(runs))
  await removeGround()
}

function section(runs: Runs): string {
  const [action, hand] = ['action', 'by hand'].map((what) => runs.good(what).map(({ seconds }) => seconds))
  const ratio = median(hand ?? []) / median(action ?? [])
  return `| on the same cluster, nothing to do | seconds |
| --- | --- |
| \`mode: install\`, with all its proof | ${spread(action ?? [], 1)} |
| \`rke up\`, then \`helm upgrade --install --wait\` | ${spread(hand ?? [], 1)} |

The action is ${ratio.toFixed(1)} times as fast; aim: 10 times. Failed runs: ${runs.failed().length}.
Repeat: \`make lab-up\`, then \`make bench NAME=again\`.`
}

/** The cluster of a former call, when it still stands; else a new one. */
async function standing(of: string): Promise<Standing> {
  const kept = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Standing) : undefined
  if (kept?.of === of && kept.machines === (await machineIds()) && existsSync(kept.byHand.clusterYml)) {
    say('the cluster of the call before still stands')
    return kept
  }
  const ground = await bareGround()
  say('the documented commands make the cluster')
  const byHand = await installByHand(stack, ground)
  await expectAnswer()
  say('the action adopts it')
  await succeeds(stack.install(ground.inputs, { label: 'bench-adopt' }))
  const made = { of, machines: await machineIds(), byHand, inputs: ground.inputs }
  mkdirSync(dirname(KEPT), { recursive: true })
  writeFileSync(KEPT, JSON.stringify(made), { mode: 0o600 })
  return made
}

/** Containers of the stack, by what Docker calls them: others are other machines. */
async function machineIds(): Promise<string> {
  const ids = await docker('ps', '--quiet', '--no-trunc', '--filter', `label=rancher-ha/stack=${stack.name}`)
  return ids.split('\n').sort().join(' ')
}

/** `helm upgrade` makes a revision each time; what the action then has to do, if anything, is not measured. */
async function untilNothing(install: () => Promise<Done>): Promise<void> {
  const done = await install()
  if (done.outputs['changed'] === 'false') return
  say(`the action had to do: ${done.plan.map(({ title }) => title).join('; ')}`)
  expectNothing(await install())
}

function expectNothing(done: Done): void {
  if (done.outputs['changed'] === 'false' && done.plan.length === 0) return
  throw new Error(`not a run without change: ${done.plan.map(({ title }) => title).join('; ')}`)
}

/** The values that stand, so that the command changes nothing either. */
async function writeLiveValues({ kubeconfig, values }: ByHand): Promise<void> {
  const where = ['--kubeconfig', kubeconfig, '--namespace', 'cattle-system']
  const live = await output(tool('helm'), ['get', 'values', 'rancher', ...where, '--output', 'yaml'])
  writeFileSync(values, live, { mode: 0o600 })
}
