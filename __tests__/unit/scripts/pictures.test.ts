import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { drawArchitecture, stackIn } from '../../../scripts/pictures/architecture.ts'
import { drawRun } from '../../../scripts/pictures/run.ts'
import { THEMES } from '../../../scripts/pictures/theme.ts'
import { fold, parseRecording, renderRecording } from '../../../scripts/recording.ts'

const recording = readFileSync(fileURLToPath(new URL('../../../docs/pictures/run.txt', import.meta.url)), 'utf8')
const [light] = THEMES as [(typeof THEMES)[number]]

test('a log is folded: what stands inside groups and all commands are left out', () => {
  const log = [
    '    0.1 ::add-mask::***',
    '    0.1 ::warning::RKE has ended',
    '    0.2 ::group::Look',
    '    0.3 inside',
    '    0.4 ::endgroup::',
    '   12.5 ✓ Look (12 s)',
    '   12.6 ',
    '',
  ].join('\n')
  expect(fold(log)).toEqual([
    { atS: 0.1, text: '! RKE has ended' },
    { atS: 12.5, text: '✓ Look (12 s)' },
  ])
  expect(() => parseRecording('no time')).toThrow('not a line of a recording')
})

test('a recording is read as it is written', () => {
  const lines = parseRecording(recording)
  expect(renderRecording(lines)).toBe(recording)
  expect(lines.length).toBeGreaterThan(20)
})

test('a picture holds every line as text, and nothing that makes a tag', () => {
  const svg = drawRun([{ atS: 61, text: '<b> & "x"' }], light, 'a < b')
  expect(svg).toContain('&lt;b&gt; &amp; &quot;x&quot;')
  expect(svg).toContain('>1:01<')
  expect(svg).not.toContain('<b>')
})

test('the architecture is that of the stack the run proved', () => {
  const stack = stackIn(parseRecording(recording))
  expect(stack.nodes).toHaveLength(3)
  const svg = drawArchitecture(stack, light)
  for (const text of [...stack.nodes, stack.balancer, `https://${stack.hostname}`]) expect(svg).toContain(text)
  expect(() => stackIn([])).toThrow('proves no whole stack')
})
