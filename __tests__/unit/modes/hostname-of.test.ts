import { expect, test } from '@jest/globals'
import { hostnameOf } from '../../../src/modes/prove.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import type { Run } from '../../../src/run.ts'

const run = (mode: string, hostname?: string) => ({ settings: { mode, hostname } }) as unknown as Run

function seen(asked: string | undefined, remembered: string | undefined, value: unknown): Seen {
  return {
    cluster: { asked: asked === undefined ? undefined : { hostname: asked } },
    infrastructure: { memory: { hostname: remembered } },
    rancher: { release: { values: { hostname: value } } },
  } as unknown as Seen
}

test.each([
  ['what install is asked', run('install', 'new.example'), seen('a.example', 'b.example', 'c.example'), 'new.example'],
  ['what upgrade is told', run('upgrade', 'new.example'), seen('a.example', 'b.example', 'c.example'), 'new.example'],
  ['what was asked last', run('backup'), seen('a.example', 'b.example', 'c.example'), 'a.example'],
  ['what is remembered', run('upgrade'), seen(undefined, 'b.example', 'c.example'), 'b.example'],
  [
    'of a Rancher that others installed, its values',
    run('backup'),
    seen(undefined, undefined, 'c.example'),
    'c.example',
  ],
  ['no name in its values', run('backup'), seen(undefined, undefined, ''), undefined],
])('the name Rancher answers to: %s', (_what, asked, facts, expected) => {
  expect(hostnameOf(asked, facts)).toBe(expected)
})
