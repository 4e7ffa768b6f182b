import { expect, test } from '@jest/globals'
import type { RancherFacts, WantedRancher } from '../../../src/rancher/facts.ts'
import { refuse } from '../../../src/rancher/refuse.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { bare, installed, release, settings, wanted } from './make.ts'

test('what stands, asked again, is not refused; nor is a new one', () => {
  expect(refuse(installed(), wanted(), settings())).toEqual([])
  expect(refuse(bare(), wanted(), settings({ version: '2.11.3' }))).toEqual([])
})

type Case = [string, RancherFacts, Partial<WantedRancher>, Partial<RancherSettings>, string, RegExp]
const foreign = release({ status: 'pending-upgrade', ours: false, revision: 2, values: {} })
const cases: Case[] = [
  [
    'another hostname, by server-url',
    installed(),
    { hostname: 'new.test' },
    {},
    'hostname',
    /answers to rancher\.example\.test/,
  ],
  [
    'another hostname, by the release',
    installed({ source: 'rancher' }, { serverUrl: '' }),
    { hostname: 'new.test' },
    {},
    'hostname',
    /cannot change/,
  ],
  [
    'another version',
    installed(),
    { version: '2.11.2' },
    { version: '2.11.2' },
    'rancher-version',
    /mode upgrade|running/,
  ],
  [
    'another cert-manager',
    installed(),
    {},
    { certManagerVersion: 'v1.17.1' },
    'cert-manager-version',
    /1\.18\.2 is running/,
  ],
  ['a set that does not fit', bare(), { kubernetesVersion: 'v1.33.1' }, {}, 'kubernetes-version', /1\.30 to 1\.32/],
  ['contradictory values', bare(), {}, { helmValues: { replicas: 1 } }, 'helm-values', /replicas/],
  [
    'an upgrade by somebody else',
    installed({ source: 'rancher' }, { release: foreign }),
    {},
    {},
    'rancher',
    /pending-upgrade/,
  ],
  [
    'a chart of another version',
    installed(),
    { pathVersion: '2.11.2', versionFrom: 'running' },
    {},
    'rancher-chart',
    /2\.11\.2/,
  ],
]
test.each(cases)('refused: %s', (_name, facts, over, asked, subject, what) => {
  // cert-manager 1.18 goes with 1.33 too, Helm 3.18 as well: only the sentence at hand is broken.
  const refusals = refuse(facts, wanted(over), settings(asked))
  expect(refusals.map((refusal) => refusal.subject)).toEqual([subject])
  expect(refusals[0]?.what).toMatch(what)
  expect(refusals[0]?.next).not.toBe('')
})

test('a running version is no reason to refuse latest-patch, nor is a first install that never ended', () => {
  expect(refuse(installed(), wanted(), settings({ version: 'latest-patch' }))).toEqual([])
  const failed = bare({ release: release({ status: 'failed', chartVersion: '2.11.2', deployed: undefined }) })
  expect(refuse(failed, wanted(), settings({ version: '2.11.3' }))).toEqual([])
})
