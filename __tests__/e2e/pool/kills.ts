import { expect } from '@jest/globals'
import type { Cancel } from '../../runner/step.ts'
import { loadKept } from '../base.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { type Stack, succeeds } from '../stack.ts'
import { minutes } from '../stage.ts'
import type { Case } from './case.ts'

/** Headings of a first install, in their order; the run is cancelled when each begins. */
const steps = [
  'Look at what stands',
  'Create the network',
  'Create the load balancer',
  'Create node-2',
  'Let .* resolve',
  'Load images on node-1',
  'Write the state of the cluster',
  'Build Kubernetes',
  'Prove that every node is Ready',
  'Remember the cluster',
  'Write the TLS certificate',
  'Install Rancher',
  'Prove that Rancher is ready',
  'Set server-url',
  'Keep on every node',
]

/** rke's first run takes about this long here; the last ones fall after its end. */
const seconds = Array.from({ length: 90 }, (_, index) => index + 1)

const atStep = (title: string): Case => ({
  name: `cancelled at '${title}', the runner lost: the next install converges`,
  from: 'bare',
  deadlineMs: minutes(25),
  run: (stack) => cancelAndConverge(stack, { onLine: new RegExp(`\\] ${title}|::group::${title}`) }),
})

const atSecond = (second: number): Case => ({
  name: `cancelled ${second} s into the first rke up, the runner lost: the next install converges`,
  from: 'bare',
  deadlineMs: minutes(25),
  async run(stack) {
    await loadKept('machines', () => makeMachines(stack))
    await cancelAndConverge(stack, { onLine: /\] Build Kubernetes/, thenMs: second * 1_000 })
  },
})

export const kills: Case[] = [...steps.map(atStep), ...seconds.map(atSecond)]

/** Each run has a disk of its own that dies with it: what the next one knows stands on the stack. */
async function cancelAndConverge(stack: Stack, cancel: Cancel): Promise<void> {
  const killed = await stack.install({}, { cancel, runId: '1001' })
  expect(killed.cancelledAtMs).toBeDefined()
  expect(killed.exitCode).not.toBe(0)
  expect(killed.leftovers).toEqual([])
  const next = await succeeds(stack.install({ 'wait-for-lease': '5m' }, { runId: '1002' }))
  expectAllYes(next)
  await expectHealthy(stack)
}

/** Machines with their images, and the state written ahead: what stands when the first `rke up` begins. */
async function makeMachines(stack: Stack): Promise<void> {
  const killed = await stack.install({}, { cancel: { onLine: /\] Build Kubernetes/ }, runId: '1000' })
  expect(killed.exitCode).not.toBe(0)
}
