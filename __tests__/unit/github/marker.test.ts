import { expect, test } from '@jest/globals'
import { type Kept, readMarker, renderMarker } from '../../../src/github/marker.ts'

const STACK = { name: 'pr-7', owner: '4711' }
const RUN = { at: '2026-01-01 11:00 UTC', what: 'install: failed (ssh)', url: 'https://example.org/0' }
const KEPT: Kept = { stack: 'pr-7', owner: '4711', kind: 'preview', past: [RUN] }
const marked = (value: unknown) => `<!-- rancher-ha ${Buffer.from(JSON.stringify(value)).toString('base64url')} -->`

test('a mark tells again what was kept, at the end of any text', () => {
  expect(readMarker(renderMarker(KEPT), 'preview', STACK)).toEqual(KEPT)
  expect(readMarker(`a\ntext ${renderMarker(KEPT)} \n\n`, 'preview', STACK)).toEqual(KEPT)
})

test.each<[string, string]>([
  ['a text without one', 'text'],
  ['one that is not at the end', `${renderMarker(KEPT)} more`],
  ['one of another stack', renderMarker({ ...KEPT, stack: 'pr-8' })],
  ['one of another owner', renderMarker({ ...KEPT, owner: '1' })],
  ['one of another kind', renderMarker({ ...KEPT, kind: 'backup-failed' })],
  ['one that holds nothing', marked(null)],
  ['one that is no JSON', '<!-- rancher-ha AAAA -->'],
  ['one of other characters', `<!-- rancher-ha ${'!'.repeat(8)} -->`],
])('%s is not ours', (_name, text) => {
  expect(readMarker(text, 'preview', STACK)).toBeUndefined()
})

test.each<[string, unknown, unknown]>([
  ['no list', 'x', []],
  ['nothing', undefined, []],
  ['what is no run', [null, 1, 'x', {}, RUN], [RUN]],
  [
    'runs that lack a part',
    [
      { ...RUN, at: 1 },
      { ...RUN, what: 1 },
      { ...RUN, url: 1 },
    ],
    [],
  ],
])('of the past only runs are taken: %s', (_name, past, taken) => {
  expect(readMarker(marked({ ...KEPT, past }), 'preview', STACK)?.past).toEqual(taken)
})
