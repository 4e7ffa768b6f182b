import { expect } from '@jest/globals'
import { BROKEN } from '../../../lab/versions.ts'
import type { Cancel } from '../../runner/step.ts'
import { atStep } from '../at-step.ts'
import { loadOlder } from '../base.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { readMarker, writeMarker } from '../eye/rancher.ts'
import { expectAllYes, expectHealthy, expectNothingDone } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { failsWith, type Stack, succeeds } from '../stack.ts'
import { currentInputs, expectCurrent, standing, told } from '../upgraded.ts'
import { openVault, type Vault } from '../vault.ts'
import type { Case } from './case.ts'

const MARKER = 'before the upgrade'

/** Into rke's part: it brings etcd, then one node after the other. */
const intoKubernetes = (seconds: number) => atStep('Upgrade Kubernetes', seconds * 1_000)

/** Headings of an upgrade in their order, Rancher first; each run is cancelled when its own begins. */
const steps: Cancel[] = [
  atStep('Look at what stands'),
  atStep('Ask what holds before'),
  atStep('Take a snapshot'),
  atStep('Take a snapshot', 8_000),
  atStep('Upgrade Rancher'),
  atStep('Upgrade Rancher', 5_000),
  atStep('Prove the recommended architecture'),
  atStep('Bring the images'),
  intoKubernetes(0),
  intoKubernetes(10),
  intoKubernetes(40),
  intoKubernetes(60),
  atStep('Keep on every node'),
]

const single = (what: string, cancel: Cancel): Case => ({
  name: `upgrade cancelled ${what}, the runner lost: the next upgrade ends all yes`,
  from: 'bare',
  deadlineMs: minutes(40),
  run: (stack) => cancelEach(stack, [cancel]),
})

export const upgradeKills: Case[] = [
  {
    name: 'upgrade cancelled at each step, one after the other, each time the runner lost: the last one ends all yes',
    from: 'bare',
    deadlineMs: minutes(90),
    run: (stack) => cancelEach(stack, steps),
  },
  single('while the snapshot is taken', atStep('Take a snapshot', 5_000)),
  single('while Rancher is upgraded', atStep('Upgrade Rancher', 5_000)),
  ...[15, 30, 60, 90, 120].map((seconds) =>
    single(`${seconds} s into the upgrade of Kubernetes`, intoKubernetes(seconds)),
  ),
  {
    name: 'upgrade cancelled, gone on with after its restore-window, and failed then: nothing is rewound',
    from: 'healthy',
    deadlineMs: minutes(40),
    async run(stack) {
      await expectHealthy(stack)
      await using vault = await openVault(stack)
      const wanted = { 'rancher-version': BROKEN.rewrites, 'restore-window': '1m' }
      const first = await vault.upgrade(wanted, { cancel: atStep('Upgrade Rancher', 40_000), runId: '1001' })
      expect(first.cancelledAtMs).toBeDefined()
      const kubectl = await openKubectl(stack.name)
      await kubectl('-n', 'default', 'create', 'configmap', 'written-since')
      const stood = await standing(kubectl)
      expect(stood).toContain('written-since')
      const second = await failsWith('rancher', vault.upgrade({ ...wanted, 'wait-for-lease': '5m' }, { runId: '1002' }))
      expect(told(second)).toMatch(/the way back stops here/)
      expect(told(second)).toMatch(/point of return is \d+ min old|restore-window is 1 min/)
      expect(await standing(kubectl)).toEqual(stood)
    },
  },
]

/** Cancels one upgrade after the other, each at its own moment, and lets the last come to its end; a disk dies with its run. */
async function cancelEach(stack: Stack, moments: Cancel[]): Promise<void> {
  await loadOlder()
  await writeMarker(stack.view, stack.password, MARKER)
  const before = await expectHealthy(stack)
  await using vault = await openVault(stack)
  let runId = 1000
  for (const [at, moment] of moments.entries()) {
    process.stderr.write(`  cancel ${at + 1} of ${moments.length}: ${JSON.stringify(moment, spell)}\n`)
    runId += 1
    let run = await upgradeRun(stack, vault, runId, moment)
    if (run.cancelledAtMs === undefined) {
      // It came to its end before its moment: that has to be a whole upgrade, and the moment is tried on fresh ground.
      await expectAtEnd(stack, vault, runId)
      await loadOlder()
      await writeMarker(stack.view, stack.password, MARKER)
      runId += 1
      run = await upgradeRun(stack, vault, runId, moment)
    }
    expect({ cancelled: run.cancelledAtMs !== undefined, moment }).toEqual({ cancelled: true, moment })
    expect(run.leftovers).toEqual([])
  }
  await expectAtEnd(stack, vault, runId + 1)
  const { uid, ca } = await expectHealthy(stack)
  expect({ uid, ca }).toEqual({ uid: before.uid, ca: before.ca })
  expect(await readMarker(stack.view, stack.password)).toBe(MARKER)
}

function upgradeRun(stack: Stack, vault: Vault, runId: number, cancel?: Cancel) {
  const inputs = { ...currentInputs(stack), 'wait-for-lease': '5m' }
  return vault.upgrade(inputs, { runId: String(runId), ...(cancel && { cancel }) })
}

/** The next run finishes what was begun, or finds it finished. */
async function expectAtEnd(stack: Stack, vault: Vault, runId: number): Promise<void> {
  expectAllYes(await succeeds(upgradeRun(stack, vault, runId)))
  await expectCurrent(stack)
  const again = await succeeds(vault.upgrade(currentInputs(stack)))
  expectNothingDone(again)
}

const spell = (_key: string, value: unknown) => (value instanceof RegExp ? value.source : value)
