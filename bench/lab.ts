import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { docker } from '../__tests__/e2e/eye/docker.ts'
import { clear } from '../__tests__/e2e/eye/machines.ts'
import { curl } from '../__tests__/e2e/eye/web.ts'
import { type Ground, makeGround, nameGround } from '../__tests__/e2e/ground.ts'
import { type Done, type Stack, stackNamed } from '../__tests__/e2e/stack.ts'
import { until } from '../__tests__/e2e/until.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { folderInput, keyOf, sha256 } from '../lab/host/key.ts'
import { BUNDLE } from '../lab/places.ts'

/** A stack of the benches' own, so that no other is in the way. */
export const stack: Stack = stackNamed('bench')

/** @throws Error that says what to do first, when the lab is not up, not built, or not ours alone */
export async function needLab(ours: Stack = stack): Promise<void> {
  const there = await docker('ps', '--all', '--format', '{{.Names}} {{.Label "rancher-ha/stack"}}').catch(
    (cause: unknown) => {
      throw new Error("The lab does not answer: run 'make lab-up' first.", { cause })
    },
  )
  const others = there.split('\n').filter((row) => row !== '' && !row.endsWith(` ${ours.name}`))
  // A figure beside another stack would be none, and would spoil that one's test.
  if (others.length > 0) throw new Error(`Somebody uses the lab: ${others.join(', ')}. End that first.`)
  if (!existsSync(join(BUNDLE, 'bundle.json'))) throw new Error("There is no bundle: run 'make lab-up' first.")
}

/** Names what is measured, and on what: the committed bundle of the action, the lab's air-gap bundle and its machines. */
export async function underTest(...more: string[]): Promise<string> {
  const folders = ['dist', 'lab/machine'].map((name) => folderInput(join(repositoryFolder, name)))
  return keyOf(...more, ...(await Promise.all(folders)), await sha256(join(BUNDLE, 'bundle.json')))
}

/** Three machines with nothing on them, and a load balancer that waits for them. Nothing of a former run is left. */
export async function bareGround(): Promise<Ground> {
  await removeGround()
  const ground = await makeGround(stack)
  await nameGround(stack, ground)
  return ground
}

export function removeGround(ours: Stack = stack): Promise<void> {
  return clear(ours.name, ours.hostname)
}

/** The committed action, main and post: what a workflow waits for. @throws Error with the end of its log when it failed */
export function costOf(done: Done): { seconds: number; peakBytes: number } {
  return { seconds: (done.durationMs + done.post.durationMs) / 1000, peakBytes: done.peakRssBytes }
}

/** What work takes by this machine's clock. */
export async function secondsOf(work: () => Promise<unknown>): Promise<{ seconds: number }> {
  const began = performance.now()
  await work()
  return { seconds: (performance.now() - began) / 1000 }
}

/** After the clock was stopped: what was measured has made a Rancher that answers. */
export async function expectAnswer(): Promise<void> {
  await until('Rancher to answer through the load balancer', 300_000, async () => {
    const { status, error } = await curl(stack.view, '/ping')
    if (status !== 200) throw new Error(`/ping: ${status} ${error}`)
    return true
  })
}
