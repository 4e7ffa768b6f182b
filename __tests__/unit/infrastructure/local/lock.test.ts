import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { takeLock } from '../../../../src/infrastructure/local/lock.ts'
import { tries } from '../../remedies/tries.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  path = join(folder, 'a.lock')
})
afterEach(() => rm(folder, { recursive: true }))

test('who comes second waits until the first gives it back', async () => {
  const first = await takeLock(path, { waitMs: 0, holder: '1/1' })
  const second = takeLock(path, { waitMs: 10_000, holder: '2/1' })
  await expect(Promise.race([second, takeLock(path, { waitMs: 0, holder: '3/1' })])).rejects.toMatchObject({
    kind: 'lease',
    message: `Run 1/1 holds ${path}.`,
  })
  await first[Symbol.asyncDispose]()
  expect(first.lost.aborted).toBe(false)
  await (await second)[Symbol.asyncDispose]()
})

test('it ends with the process that holds it, however that ends', async () => {
  const program = `
    import { takeLock } from ${JSON.stringify(join(process.cwd(), 'src/infrastructure/local/lock.ts'))}
    await takeLock(${JSON.stringify(path)}, { waitMs: 0, holder: 'doomed' })
    console.log('held')`
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  await expect(takeLock(path, { waitMs: 0, holder: '2/1' })).rejects.toMatchObject({ kind: 'lease' })
  holder.kill('SIGKILL')
  await using lock = await takeLock(path, { waitMs: 10_000, holder: '2/1' })
  expect(lock.lost.aborted).toBe(false)
})

test('a folder that is not there is no lease of another run', async () => {
  const taken = takeLock(join(folder, 'none', 'a.lock'), { waitMs: 0, holder: '1/1' })
  await expect(taken).rejects.toMatchObject({ kind: 'bug' })
})

tries('lease', [
  [
    'Wait until that run has ended, or give `wait-for-lease` the time it may take.',
    async () => {
      await using _first = await takeLock(path, { waitMs: 0, holder: '1/1' })
      await takeLock(path, { waitMs: 0, holder: '2/1' })
    },
    async () => (await takeLock(path, { waitMs: 0, holder: '3/1' }))[Symbol.asyncDispose](),
    async () => {
      const first = await takeLock(path, { waitMs: 0, holder: '4/1' })
      const second = takeLock(path, { waitMs: 10_000, holder: '5/1' })
      await first[Symbol.asyncDispose]()
      await (await second)[Symbol.asyncDispose]()
    },
  ],
])
