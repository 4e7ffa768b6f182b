import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { StackError } from '../../../../src/errors.ts'
import { runRke } from '../../../../src/kubernetes/rke/rke-process.ts'
import { tries } from '../../remedies/tries.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rke-process-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Runs a stand-in for rke: a shell script. */
async function run(script: string, signal: AbortSignal = new AbortController().signal) {
  const binary = join(folder, 'rke')
  await writeFile(binary, `#!/bin/sh\n${script}\n`)
  await chmod(binary, 0o700)
  const lines: string[] = []
  const ended = runRke({ binary, args: ['up'], folder, log: (line) => lines.push(line), signal })
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown as StackError,
  )
  return { error, lines }
}

const line = (level: string, message: string) => `echo 'time="2026-11-23T08:52:22Z" level=${level} msg="${message}"'`

test('exit code 0: its log is passed on, warnings marked', async () => {
  const { error, lines } = await run(`${line('info', 'Building')}\n${line('warning', 'careful')}`)
  expect(error).toBeUndefined()
  expect(lines).toEqual(['Building', 'warning: careful'])
})

test('exit code 1: the last errors it told, of a kind and worth another try', async () => {
  const { error } = await run(`${line('info', 'fine')}\n${line('fatal', '[etcd] unhealthy')}\nexit 1`)
  expect(error).toMatchObject({
    kind: 'kubernetes',
    message: 'rke ended with exit code 1: [etcd] unhealthy',
    retry: true,
  })
})

test.each([
  ['Provisioning incomplete, host(s) [10.77.0.13] skipped because they could not be contacted', 'ssh'],
  ['Failed to validate cluster: v1.33.1-rancher1-1 is an unsupported Kubernetes version', 'input'],
])('exit code 1: %s', async (message, kind) => {
  expect((await run(`${line('fatal', message)}\nexit 1`)).error).toMatchObject({ kind })
})

test('exit code 2: a panic of rke is a bug, not a state of the cluster', async () => {
  expect((await run('echo "panic: runtime error" >&2\nexit 2')).error).toMatchObject({
    kind: 'bug',
    message: /panic: runtime error/,
  })
})

test('nothing of our environment reaches it', async () => {
  process.env['INPUT_SECRET'] = 'hush'
  const { lines } = await run('env')
  delete process.env['INPUT_SECRET']
  expect(lines.join()).not.toContain('hush')
  expect(lines.filter((one) => one.startsWith('HOME='))).toEqual([`HOME=${folder}`])
})

test('an abort ends it and what it started, also what does not listen, and tells the reason', async () => {
  const controller = new AbortController()
  const reason = new StackError('lease', 'the lease was lost')
  const running = run(
    `trap '' TERM\nsh -c 'trap "" TERM; echo $$ >${folder}/pid; while :; do sleep 0.1; done' &\nwait; wait`,
    controller.signal,
  )
  await until(async () => (await readFile(join(folder, 'pid'), 'utf8').catch(() => '')) !== '')
  controller.abort(reason)
  expect((await running).error).toBe(reason)
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
  await until(async () => !(await lives(pid)))
})

/** A killed process that nobody has waited for yet is gone for our purposes. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) Z /.test(stat)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + 5_000; Date.now() < endsAt; await sleep(20)) if (await holds()) return
  throw new Error('did not come true within 5 s')
}

const runs = (script: string, afterMs?: number) => async () => {
  const { error } = await run(script, afterMs === undefined ? undefined : AbortSignal.timeout(afterMs))
  if (error !== undefined) throw error
}
const fails = (message: string) => runs(`${line('fatal', message)}\nexit 1`)

tries('kubernetes', [['Run again: it goes on from what stands.', fails('[etcd] unhealthy'), runs('exit 0')]])
tries('ssh', [
  [
    'Run again: it goes on from what stands.',
    fails('Failed to set up SSH tunnel for host [10.77.0.13]'),
    runs('exit 0'),
  ],
])
tries('input', [
  [
    'Mend rke-config or kubernetes-version and run again.',
    fails('Failed to validate cluster: v1.33.1-rancher1-1 is an unsupported Kubernetes version'),
    runs('exit 0'),
  ],
])
tries('timeout', [['Run again.', runs('exec sleep 30', 1000), runs('exit 0')]])
tries('bug', [
  [
    'Run again; if it stops at the same place, report this with the log of the run.',
    runs('echo "panic: runtime error" >&2\nexit 2'),
    runs('exit 0'),
  ],
])
