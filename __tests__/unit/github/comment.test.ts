import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../../src/errors.ts'
import { COMMENT_LIMIT, renderComment } from '../../../src/github/comment.ts'
import { readMarker, renderMarker } from '../../../src/github/marker.ts'
import { installed } from './world.ts'

const stack = { name: 'pr-7', owner: '4711' }
const data = {
  ...({ mode: 'install', standing: 'ready', reason: undefined, summary: installed, stack, login: 'as admin' } as const),
  runUrl: 'https://github.com/acme/platform/actions/runs/1/attempts/1',
  at: new Date('2026-01-01T12:00:00Z'),
  past: [{ at: '2026-01-01 11:00 UTC', what: 'install: failed (ssh)', url: 'https://example.org/0' }],
}

test('a comment as its reader sees it', () => {
  expect(renderComment(data).replace(/<!--.*-->/, '<!-- mark -->')).toMatchInlineSnapshot(`
"### Rancher \`pr-7\` ✅ is ready

|  |  |
| --- | --- |
| URL | https://pr-7.preview.example.org |
| Log in | as admin |
| Expires | 2026-01-03T12:00:00Z |
| Versions | Rancher 2.11.3 |
| Run | https://github.com/acme/platform/actions/runs/1/attempts/1 (2026-01-01 12:00 UTC) |

<details><summary>Timeline of this run</summary>

|  | Step | Began | Took |
| --- | --- | --- | --- |
| ✅ | [1/1] Install Rancher | +0 ms | 1 min 30 s |

</details>

<details><summary>Runs before</summary>

| When | What | Run |
| --- | --- | --- |
| 2026-01-01 11:00 UTC | install: failed (ssh) | https://example.org/0 |

</details>

<!-- mark -->"
`)
})

test('whatever happened, a comment fits, ends with its mark, and the mark is read again', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 })
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), fc.integer({ min: 1500, max: 4000 }), (texts, limit) => {
      const timeline = texts.map((heading) => ({ heading, startMs: 0, tookMs: 1, ok: true }))
      const error = new StackError('bug', texts.join('\n'))
      const body = renderComment({ ...data, past: [], summary: { ...installed, timeline, error } }, limit)
      expect(body.length).toBeLessThanOrEqual(limit)
      expect(readMarker(body, 'preview', stack)?.past).toHaveLength(1)
    }),
  )
  const error = new StackError('bug', 'x'.repeat(200_000))
  const body = renderComment({ ...data, summary: { ...installed, error } })
  expect(body.length).toBeLessThanOrEqual(COMMENT_LIMIT)
  expect(body).toMatch(/^### Rancher `pr-7` ✅ is ready/)
})

test('a mark is of its kind and stack, and nothing else reads as one', () => {
  const mark = renderMarker({ stack: 'pr-7', owner: '4711', kind: 'preview', past: [] })
  expect(readMarker(`text\n${mark}\n`, 'preview', stack)).toMatchObject({ past: [] })
  expect(readMarker(mark, 'backup-failed', stack)).toBeUndefined()
  expect(readMarker(mark, 'preview', { ...stack, owner: '1' })).toBeUndefined()
  expect(readMarker(`${mark} and more`, 'preview', stack)).toBeUndefined()
  fc.assert(
    fc.property(fc.base64String(), (text) => readMarker(`<!-- rancher-ha ${text} -->`, 'preview', stack) === undefined),
  )
  const odd = Buffer.from(JSON.stringify({ ...stack, stack: 'pr-7', kind: 'preview', past: [1, { at: 2 }] }))
  expect(readMarker(`<!-- rancher-ha ${odd.toString('base64url')} -->`, 'preview', stack)?.past).toEqual([])
})
