import { expect } from 'expect'
import { OLDER, VERSIONS } from '../../lab/versions.ts'
import type { Kubectl } from './eye/kubernetes.ts'
import { rancherVersion, runningVersions } from './eye/versions.ts'
import type { LoadReport } from './load/report.ts'
import type { WriterReport } from './load/steady-writes.ts'
import type { Done, Stack } from './stack.ts'

/** What is asked of an upgrade to the versions of the lab: the same that an install of them is asked. */
export function currentInputs(stack: Stack): Record<string, string> {
  const {
    'kubernetes-version': kubernetes = '',
    'rancher-version': rancher = '',
    'rke-config': config = '',
  } = stack.installInputs()
  return { 'kubernetes-version': kubernetes, 'rancher-version': rancher, 'rke-config': config }
}

/** Each kubelet and each API server, and Rancher itself, say so. */
export async function expectVersions(
  stack: Stack,
  { kubernetes, rancher }: { kubernetes: string; rancher: string },
): Promise<void> {
  const each = { apiServer: kubernetes, kubelet: kubernetes }
  expect(await runningVersions(stack.name)).toEqual({ 'node-1': each, 'node-2': each, 'node-3': each })
  expect(await rancherVersion(stack.view)).toBe(`v${rancher}`)
}

export const expectCurrent = (stack: Stack) => expectVersions(stack, VERSIONS)
export const expectOlder = (stack: Stack) => expectVersions(stack, OLDER)

/** Names of the objects that writers made and that stand. */
export async function standing(kubectl: Kubectl): Promise<string[]> {
  const names = await kubectl('-n', 'default', 'get', 'configmaps', '-o', 'jsonpath={.items[*].metadata.name}')
  return names.split(' ').filter((name) => name.startsWith('written-'))
}

/** All that was acknowledged and does not stand. */
export async function lost({ acknowledged }: WriterReport, kubectl: Kubectl): Promise<string[]> {
  const there = new Set(await standing(kubectl))
  return acknowledged.map(({ name }) => name).filter((name) => !there.has(name))
}

/** Figures of a writer, for who watches the test. */
export function tellWriter(what: string, { acknowledged, unknown }: WriterReport): void {
  process.stderr.write(`    ${what}: ${acknowledged.length} writes acknowledged, ${unknown.length} not\n`)
  for (const { at, name, reason } of unknown.slice(0, 10))
    process.stderr.write(`      ${at.slice(11, 23)} ${name}: ${reason}\n`)
}

/** Figures of a load, for who watches the test. */
export function tellLoad(what: string, { sent, failed, resent, longestGapMs, seconds, failures }: LoadReport): void {
  const counts = `${sent} requests in ${seconds} s, ${failed} failed, ${resent} sent once more`
  process.stderr.write(`    ${what}: ${counts}, longest gap ${longestGapMs} ms\n`)
  for (const { at, line, path, reason, tookMs } of failures.slice(0, 20))
    process.stderr.write(`      ${at.slice(11, 23)} ${line} ${path}: ${reason} after ${tookMs} ms\n`)
}

/** All that a run tells, in the log, in errors and in the summary. */
export function told(run: Done): string {
  return [...run.lines, ...run.errors, run.summary].join('\n')
}
