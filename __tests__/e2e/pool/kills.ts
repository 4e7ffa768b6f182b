import { expect } from '@jest/globals'
import type { Cancel } from '../../runner/step.ts'
import { atStep } from '../at-step.ts'
import { loadKept } from '../base.ts'
import { clear } from '../eye/machines.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Done, type Stack, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

/** Headings of a first install, in their order; a run is cancelled when each begins. */
const steps = [
  'Look at what stands',
  'Create the network',
  'Create the load balancer',
  'Create node-2',
  'Let .* resolve',
  'Load images on node-1',
  'Write the state of the cluster',
  'Load images of ingress and Rancher on node-1',
  'Build Kubernetes',
  'Prove that every node is Ready',
  'Remember the cluster',
  'Write the TLS certificate',
  'Install Rancher',
  'Prove that Rancher is ready',
  'Set server-url',
  'Keep on every node',
]

/**
 * The seconds of a first rke up, which takes 95 to 100 of them here, in parts that can be seen in one go: what was
 * cancelled late is finished by the next run before its own moment, so that late moments take a whole install each.
 */
const PARTS = [
  [1, 30],
  [31, 60],
  [61, 70],
  [71, 80],
  [81, 90],
  [91, 100],
] as const

const atSecond = (second: number) => atStep('Build Kubernetes', second * 1_000)
const everySecond = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

const onBareGround = (stack: Stack) => clear(stack.name, stack.hostname)
const onMachines = (stack: Stack) => loadKept('machines', () => makeMachines(stack))

const single = (what: string, cancel: Cancel): Case => ({
  name: `cancelled ${what}, the runner lost: the next install converges`,
  from: 'bare',
  deadlineMs: minutes(25),
  run: (stack) => cancelEach(stack, [cancel], onBareGround),
})

export const kills: Case[] = [
  {
    name: 'cancelled at each step, one after the other, each time the runner lost: the last install converges',
    from: 'bare',
    deadlineMs: minutes(50),
    run: (stack) =>
      cancelEach(
        stack,
        steps.map((title) => atStep(title)),
        onBareGround,
      ),
  },
  ...PARTS.map(([first, last]) => ({
    name: `cancelled at each second from ${first} to ${last} of a first rke up, each time the runner lost: the last install converges`,
    from: 'bare' as const,
    deadlineMs: minutes(80),
    run: (stack: Stack) => cancelEach(stack, everySecond(first, last).map(atSecond), onMachines),
  })),
  single('while rke writes certificates', atSecond(3)),
  single('while rke brings etcd up', atSecond(20)),
  single('while rke brings the control plane up', atSecond(45)),
  single('while Rancher is installed', { onLine: /\] Install Rancher/, thenMs: 3_000 }),
]

/**
 * Cancels one install after the other, each at its own moment, and lets the last come to its end. Each run has a disk
 * of its own that dies with it: what the next one knows stands on the stack. A run that ends well before its moment
 * must have made a whole stack; its moment is tried again on fresh ground, where it must come.
 */
async function cancelEach(stack: Stack, moments: Cancel[], freshGround: (stack: Stack) => Promise<void>) {
  await freshGround(stack)
  let runId = 1000
  const attempt = (cancel?: Cancel): Promise<Done> => {
    runId += 1
    return stack.install({ 'wait-for-lease': '5m' }, { runId: String(runId), ...(cancel && { cancel }) })
  }
  for (const [at, moment] of moments.entries()) {
    process.stderr.write(`  cancel ${at + 1} of ${moments.length}: ${JSON.stringify(moment, spell)}\n`)
    let run = await attempt(moment)
    if (run.cancelledAtMs === undefined) {
      await expectWhole(stack, run)
      await freshGround(stack)
      run = await attempt(moment)
    }
    expect({ cancelled: run.cancelledAtMs !== undefined, moment }).toEqual({ cancelled: true, moment })
    expect(run.exitCode).not.toBe(0)
    expect(run.leftovers).toEqual([])
  }
  await expectWhole(stack, await attempt())
}

async function expectWhole(stack: Stack, run: Done): Promise<void> {
  expectAllYes(await succeeds(Promise.resolve(run)))
  await expectHealthy(stack)
}

const spell = (_key: string, value: unknown) => (value instanceof RegExp ? value.source : value)

/** Machines with their images, and the state written ahead: what stands when the first `rke up` begins. */
async function makeMachines(stack: Stack): Promise<void> {
  const killed = await stack.install({}, { cancel: atSecond(0), runId: '1000' })
  expect(killed.exitCode).not.toBe(0)
}
