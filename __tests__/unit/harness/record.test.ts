import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { bundleAt, gitIn, parseRecord, passedOn, type Row, renderRecord } from '../../e2e/record.ts'

const row = (name: string, changed: Partial<Row> = {}): Row => ({
  name,
  result: 'passed',
  seconds: 12,
  date: '2026-11-24',
  commit: 'abc1234',
  ...changed,
})

test('a record reads back what was written, sorted by name', () => {
  const rows = [row('cancelled at second 10'), row('cancelled at second 9', { result: 'failed', commit: 'abc1234+' })]
  expect(parseRecord(renderRecord(rows))).toEqual(rows.toReversed())
})

test('a later row takes the place of the earlier one of its case', () => {
  const text = renderRecord([row('a node wiped', { result: 'failed' }), row('a node wiped', { seconds: 99 })])
  expect(parseRecord(text)).toEqual([row('a node wiped', { seconds: 99 })])
})

test('a soak goes on with what has not passed on this bundle: failed, not committed, on another one, or on none we have', () => {
  const rows = [
    row('now', { commit: 'aaa1111' }),
    row('the same bundle', { commit: 'bbb2222' }),
    row('failed', { commit: 'aaa1111', result: 'failed' }),
    row('changed', { commit: 'aaa1111+' }),
    row('before', { commit: 'ccc3333' }),
    row('lost', { commit: 'ddd4444' }),
  ]
  const bundles: Record<string, string> = { aaa1111: 'tree-1', bbb2222: 'tree-1', ccc3333: 'tree-0' }
  const bundleOf = (commit: string) => bundles[commit.replace('+', '')]
  expect([...passedOn('tree-1', rows, bundleOf)]).toEqual(['now', 'the same bundle'])
  expect([...passedOn(undefined, rows, bundleOf)]).toEqual([])
})

test('the bundle of a commit is what its folder held, whatever else changed; an unknown commit has none', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'clone-'))
  const clone = folder.path
  const git = (...args: string[]) => gitIn(clone, ...args)
  git('init', '--quiet')
  const commit = async (file: string, text: string) => {
    await mkdir(dirname(join(clone, file)), { recursive: true })
    await writeFile(join(clone, file), text)
    git('add', '.')
    git('-c', 'user.name=a', '-c', 'user.email=a@b.test', 'commit', '--quiet', '--message', file)
    return git('rev-parse', '--short', 'HEAD')
  }
  const built = await commit('dist/index.js', '1')
  const documented = await commit('README.md', '1')
  const changed = await commit('dist/index.js', '2')
  const bundles = [built, documented, changed].map((each) => bundleAt(each, clone))
  expect(bundles[0]).toMatch(/^[0-9a-f]{40,}$/)
  expect(bundles[1]).toBe(bundles[0])
  expect(bundles[2]).not.toBe(bundles[0])
  expect(bundleAt('0000000', clone)).toBeUndefined()
})
