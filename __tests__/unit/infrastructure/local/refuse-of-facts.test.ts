import { expect, test } from '@jest/globals'
import type { LocalContext } from '../../../../src/infrastructure/local/context.ts'
import type { DockerFacts } from '../../../../src/infrastructure/local/docker.ts'
import { type Labels, labelsOf, namesOf } from '../../../../src/infrastructure/local/names.ts'
import { refuseForeign, refuseName } from '../../../../src/infrastructure/local/refuse.ts'

const stack = { name: 'rancher', owner: '42', ownerName: 'acme/cattle' }
const names = namesOf(stack)
const OURS = labelsOf(stack, { id: '7', attempt: 1 }, new Date(0), undefined)
const THEIRS = { ...OURS, 'rancher-ha/owner': '43', 'rancher-ha/owner-name': 'other/ranch' }

type Named = { name: string; labels: Labels }
function refused(containers: Named[], volumes: Named[] = [], networks: Named[] = []) {
  const seen = { containers, volumes, networks } as unknown as DockerFacts
  return refuseForeign(seen, { stack, names } as LocalContext)
}

test('what is ours, or has nothing to do with us, is not refused', () => {
  expect(refused([{ name: names.container('node-1'), labels: OURS }], [], [{ name: 'bridge', labels: {} }])).toEqual([])
})

test('what has a name of ours and not our labels is refused by what it is', () => {
  const next = (kind: string) => `Remove the ${kind}, if nobody needs it, or choose another \`name\`.`
  expect(
    refused(
      [{ name: names.container('lb'), labels: {} }],
      [{ name: names.volume('node-2'), labels: {} }],
      [{ name: names.network, labels: {} }],
    ).map(({ kind, subject, next }) => [kind, subject, next]),
  ).toEqual([
    ['preflight', `container ${names.container('lb')}`, next('container')],
    ['preflight', `volume ${names.volume('node-2')}`, next('volume')],
    ['preflight', `network ${names.network}`, next('network')],
  ])
})

test('a stack of our name of another owner is refused once, by its owner', () => {
  const theirs = ['a', 'b'].map((name) => ({ name, labels: THEIRS }))
  expect(refused(theirs)).toMatchObject([
    {
      kind: 'preflight',
      subject: 'stack rancher',
      what: 'stands on this machine already and belongs to other/ranch (43).',
    },
  ])
  expect(refused([{ name: 'a', labels: { ...THEIRS, 'rancher-ha/stack': 'another' } }])).toEqual([])
})

test('an owner who left no name or no id is told as such', () => {
  const { 'rancher-ha/stack': label = '' } = OURS
  expect(refused([{ name: 'a', labels: { 'rancher-ha/stack': label } }])[0]?.what).toBe(
    'stands on this machine already and belongs to an unnamed owner (no id).',
  )
})

test('a name that stands in the hosts file already is refused with every address it has', () => {
  expect(refuseName('rancher.test', [])).toEqual([])
  expect(refuseName('rancher.test', ['10.0.0.9', '10.0.0.8'])).toMatchObject([
    {
      kind: 'preflight',
      subject: 'hostname',
      what: 'rancher.test stands in the hosts file of this machine already, with 10.0.0.9, 10.0.0.8.',
    },
  ])
})
