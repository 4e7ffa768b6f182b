import { expect, test } from '@jest/globals'
import { chooseState, type FoundState, fingerprint } from '../../../../src/kubernetes/rke/state.ts'
import { forgetNodes, parseState, stateCa, withWay } from '../../../../src/kubernetes/rke/state-file.ts'
import { foundOf, OTHER_CA, STATE } from './world.ts'

type Case = [sentence: string, found: FoundState[], runningCa: string | undefined, expected: string]

const one = foundOf('node-1')
const other = { stateSha256: 'bb', actualSha256: 'bb' }

const CASES: Case[] = [
  ['nothing found is nothing to choose', [], 'ca-1', 'none'],
  ['equal states are one', [one, foundOf('node-2')], 'ca-1', 'node-1'],
  ['the highest generation wins', [one, foundOf('node-2', { ...other, generation: 3 })], 'ca-1', 'node-2'],
  [
    'the running CA wins over the generation',
    [one, foundOf('node-2', { ...other, generation: 9, caFingerprint: 'ca-2' })],
    'ca-1',
    'node-1',
  ],
  [
    'with nothing running the generation decides',
    [one, foundOf('node-2', { ...other, generation: 9, caFingerprint: 'ca-2' })],
    undefined,
    'node-2',
  ],
  ['equal generations of different content are refused', [one, foundOf('node-2', other)], 'ca-1', 'same generation 2'],
  [
    'a state that is not what its stack.json says does not count',
    [one, foundOf('node-2', { generation: 5, actualSha256: 'zz' })],
    'ca-1',
    'node-1',
  ],
  ['a missing state file does not count', [foundOf('node-1', { actualSha256: undefined })], 'ca-1', 'damaged'],
  ['states of another CA only are refused', [foundOf('node-1', { caFingerprint: 'ca-2' })], 'ca-1', 'another CA'],
]

test.each(CASES)('%s', (_sentence, found, runningCa, expected) => {
  for (const order of [found, found.toReversed()]) {
    const choice = chooseState(order, runningCa)
    const told = 'none' in choice ? 'none' : 'refusal' in choice ? choice.refusal : choice.state.where
    if (expected === 'node-1' && found.every(({ stateSha256 }) => stateSha256 === 'aa') && found.length > 1)
      expect(told).toMatch(/^node-/)
    else expect(told).toContain(expected)
  }
})

test("a state's CA is told by its fingerprint, and two clusters differ in it", () => {
  const state = parseState(STATE, 'here')
  expect(stateCa(state)).toMatch(/^[0-9a-f]{64}$/)
  expect(stateCa(state)).toBe(fingerprint(state.desiredState.certificatesBundle?.['kube-ca']?.certificatePEM ?? ''))
  expect(stateCa(state)).not.toBe(stateCa(parseState(OTHER_CA, 'there')))
})

test('what is no state is refused without telling what it was', () => {
  expect(() => parseState('{"keyPEM":"hush"}', 'rke-state')).toThrow(/^rke-state: expected a cluster.rkestate/)
  expect(() => parseState('hush', 'rke-state')).not.toThrow(/hush/)
})

test('forgotten nodes are taken out of what runs, and out of nothing else', () => {
  const before = parseState(STATE, 'here')
  const after = parseState(
    forgetNodes(STATE, (name) => name === 'node-2'),
    'here',
  )
  const nodes = (state: typeof before) =>
    (state.currentState.rkeConfig?.nodes ?? []).map(({ hostnameOverride }) => hostnameOverride)
  expect(nodes(after)).toEqual(['node-1', 'node-3'])
  expect(after.desiredState).toEqual(before.desiredState)
  expect(after.currentState.certificatesBundle).toEqual(before.currentState.certificatesBundle)
  expect(forgetNodes(STATE, () => false)).toBe(STATE)
})

test('what runs is reached by the way of this run, and nothing else of the state changes', () => {
  const before = parseState(STATE, 'here')
  const way = { bastion: { port: 40123, user: 'me' }, keyFile: '/run/new/id', ports: {} }
  const after = parseState(withWay(STATE, way), 'here')
  const config = after.currentState.rkeConfig
  expect(config?.['sshKeyPath']).toBe('/run/new/id')
  expect(config?.['bastionHost']).toEqual({
    address: '127.0.0.1',
    port: '40123',
    user: 'me',
    sshKeyPath: '/run/new/id',
  })
  expect(config?.nodes?.map((node) => (node as { sshKeyPath?: string }).sshKeyPath)).toEqual(
    before.currentState.rkeConfig?.nodes?.map(() => '/run/new/id'),
  )
  expect(config?.nodes?.map(({ address }) => address)).toEqual(
    before.currentState.rkeConfig?.nodes?.map(({ address }) => address),
  )
  expect(after.desiredState).toEqual(before.desiredState)
  expect(after.currentState.certificatesBundle).toEqual(before.currentState.certificatesBundle)
})
