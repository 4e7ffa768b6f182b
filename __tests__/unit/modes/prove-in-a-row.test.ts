import { describe, expect, test } from '@jest/globals'
import type { Row } from '../../../src/conformance/probe.ts'
import { brokenBefore } from '../../../src/modes/broken-before.ts'
import type { Proof } from '../../../src/modes/prove.ts'
import { proveInARow } from '../../../src/modes/prove-in-a-row.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { release } from '../rancher/make.ts'
import { seenStack, upgradeWorld } from './upgrade-world.ts'

const row = (id: string, ok: boolean): Row => ({ id, sentence: `${id} holds.`, ok, evidence: ok ? 'yes' : 'no' })
/** Each round: the sentences that are broken in it; the last one goes on for ever. */
const asking = (...rounds: string[][]) => {
  const asked: { rounds: number | undefined; of: string[] }[] = []
  const ask = async (_run: unknown, _stack: unknown, _seen: unknown, { rounds: times, except = [] }: Proof = {}) => {
    const broken = rounds[Math.min(asked.length, rounds.length - 1)] ?? []
    const of = ['rancher-answers', 'name-resolves'].filter((id) => !except.includes(id))
    asked.push({ rounds: times, of })
    return of.map((id) => row(id, !broken.includes(id)))
  }
  return { ask: ask as never, asked }
}
const { signal } = new AbortController()

describe('several times in a row', () => {
  const prove = async (broken: string[], ...rounds: string[][]) => {
    const { run, stack } = upgradeWorld(seenStack())
    const { ask, asked } = asking(...rounds)
    await proveInARow(run, stack, broken, signal, { ask })
    return asked
  }

  test('the first round waits, the others do not', async () => {
    expect((await prove([], [])).map(({ rounds }) => rounds)).toEqual([undefined, 1, 1])
  })

  test('a no among them begins the row anew', async () => {
    expect(await prove([], [], ['rancher-answers'], [])).toHaveLength(5)
  })

  test('what is never yes three times is not proven', async () => {
    const flickers = [[], ['rancher-answers'], [], [], ['rancher-answers'], [], ['rancher-answers']]
    await expect(prove([], ...flickers)).rejects.toThrow('rancher-answers holds. Seen: no')
  })

  test('what was broken before may stay so, is not asked for and not waited for, and nothing else', async () => {
    const asked = await prove(['name-resolves'], ['name-resolves'])
    expect(asked.map(({ of }) => of)).toEqual(Array(3).fill(['rancher-answers']))
    await expect(prove(['name-resolves'], ['rancher-answers'])).rejects.toMatchObject({ kind: 'rancher' })
  })
})

describe('before anything is changed', () => {
  const look = async (seen: Seen, ...broken: string[]) => {
    const { run, stack } = upgradeWorld(seen)
    return await brokenBefore(run, stack, seen, asking(broken).ask)
  }

  test('what stands outside of the cluster may be broken, and is remembered', async () => {
    expect(await look(seenStack(), 'name-resolves')).toEqual(['name-resolves'])
    expect(await look(seenStack())).toEqual([])
  })

  test('what does not hold inside stops an upgrade that begins now', async () => {
    await expect(look(seenStack(), 'rancher-answers')).rejects.toMatchObject({
      message: expect.stringContaining('rancher-answers holds.'),
      next: expect.stringContaining('mode install'),
    })
  })

  test('of one that was begun it has to hold afterwards', async () => {
    const half = seenStack({ rancher: { release: release({ status: 'failed', chartVersion: '2.11.3' }) } })
    expect(await look(half, 'rancher-answers', 'name-resolves')).toEqual(['name-resolves'])
  })
})
