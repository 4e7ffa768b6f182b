import { expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import { createVeil } from '../../../src/report/veil.ts'
import { nothing } from '../github/world.ts'

test('a secret is hidden wherever it stands in what is told, the longer of two first', () => {
  const veil = createVeil()
  veil.add('hunter2')
  veil.add('hunter2-and-more')
  veil.add('-----BEGIN KEY-----\nline-of-a-key\n-----END KEY-----')
  const error = new StackError('ssh', 'got hunter2-and-more', { stands: 'hunter2', next: 'line-of-a-key' })
  const rows = [{ id: 'a', sentence: 'hunter2', ok: true, evidence: 'hunter2' }]
  const hidden = veil.hideIn({
    ...nothing,
    outputs: { plan: 'hunter2' },
    rows,
    next: [{ text: 'a', command: 'hunter2' }],
    error,
  })
  expect(JSON.stringify({ ...hidden, error: { ...hidden.error, message: hidden.error?.message } })).not.toMatch(
    /hunter2|of-a-key/,
  )
  expect(hidden.error).toMatchObject({ kind: 'ssh', message: 'got ***', stands: '***', next: '***' })
  expect(veil.hide('plain')).toBe('plain')
})
