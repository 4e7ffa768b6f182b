import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { endProcesses, MARKER, markedProcesses } from '../../src/processes.ts'

/** A process of this run that says it is there, and its end. */
async function start(marker: string, script: string) {
  const child = spawn('bash', ['-c', `${script}; echo there; while :; do sleep 0.1; done`], {
    env: { ...process.env, [MARKER]: marker },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  await once(child.stdout, 'data')
  return { id: child.pid ?? 0, ended: once(child, 'exit') as Promise<[number | null, string | null]> }
}

test('what a run started is found and ended, also when it is deaf to the asking; others are left alone', async () => {
  const marker = `test-${process.pid}`
  const obedient = await start(marker, ':')
  const deaf = await start(marker, 'trap "" TERM')
  const other = await start(`${marker}-other`, ':')
  try {
    expect(await markedProcesses(marker)).toEqual(expect.arrayContaining([obedient.id, deaf.id]))
    expect(await endProcesses(marker, { graceMs: 500 })).toBeGreaterThanOrEqual(2)
    expect((await obedient.ended)[1]).toBe('SIGTERM')
    expect((await deaf.ended)[1]).toBe('SIGKILL')
    expect(await markedProcesses(`${marker}-other`)).toContain(other.id)
  } finally {
    await endProcesses(`${marker}-other`, { graceMs: 500 })
    await other.ended
  }
  expect(await markedProcesses(marker)).toEqual([])
})

test('when nothing was left there is nothing to wait for', async () => {
  const startedAt = performance.now()
  expect(await endProcesses('nobody', { graceMs: 60_000 })).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(5000)
})
