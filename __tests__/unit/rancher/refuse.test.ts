import { expect, test } from '@jest/globals'
import type { RancherFacts, WantedRancher } from '../../../src/rancher/facts.ts'
import { refuse, refuseHostname, refusePending } from '../../../src/rancher/refuse.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { bare, HOSTNAME, installed, NOW, release, settings, wanted } from './make.ts'

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

test('what is refused is told as a preflight, with what would do', () => {
  const of = (...[facts, over, asked]: [RancherFacts, Partial<WantedRancher>, Partial<RancherSettings>]) =>
    refuse(facts, wanted(over), settings(asked)).map(({ kind, what, next }) => [kind, what, next])
  expect(of(installed(), { version: '2.11.2' }, { version: '2.11.2' })).toEqual([
    [
      'preflight',
      'Rancher 2.11.3 is running, asked is 2.11.2; install does not change a running version.',
      'Run mode upgrade, or set rancher-version to 2.11.3 or leave it out.',
    ],
  ])
  expect(of(installed(), {}, { certManagerVersion: 'v1.17.1' })).toEqual([
    [
      'preflight',
      'cert-manager v1.18.2 is running, asked is v1.17.1; install does not change a running version.',
      'Run mode upgrade, or set cert-manager-version to v1.18.2 or leave it out.',
    ],
  ])
  expect(of(installed(), { hostname: 'new.test' }, {})[0]?.slice(0, 1)).toEqual(['preflight'])
})

test('a chart of another version is compared with what runs, or with what was asked', () => {
  const of = (versionFrom: WantedRancher['versionFrom'], pathVersion: string) =>
    refuse(installed(), wanted({ versionFrom, pathVersion }), settings({ chart: './c.tgz' }))
  expect(of('running', '2.11.2')).toEqual([
    {
      kind: 'preflight',
      subject: 'rancher-chart',
      what: './c.tgz is version 2.11.2, running is 2.11.3.',
      next: 'Give the chart of 2.11.3, or run mode upgrade.',
    },
  ])
  expect(of('input', '2.11.2')).toEqual([
    {
      kind: 'preflight',
      subject: 'rancher-chart',
      what: './c.tgz is version 2.11.2, asked is 2.11.3.',
      next: 'Give the chart of 2.11.3.',
    },
  ])
  expect(of('input', 'v2.11.3')).toEqual([])
})

test('the version that runs may be asked for, with or without a v', () => {
  expect(refuse(installed(), wanted(), settings({ version: 'v2.11.3', certManagerVersion: '1.18.2' }))).toEqual([])
})

test('a release somebody else is changing is waited for, since when it is known or not', () => {
  const told = (begunAt: Date | undefined) => refusePending('rancher', { ...foreign, begunAt }, NOW)
  expect(told(new Date(NOW.getTime() - 60_000))).toEqual([
    {
      kind: 'preflight',
      subject: 'rancher',
      what: 'Helm release rancher is "pending-upgrade" since 2026-11-23T11:59:00.000Z, by a call of Helm that is not this action\'s.',
      next: expect.stringContaining('Wait until it ends'),
    },
  ])
  const facts = installed({ source: 'rancher' }, { certManager: { release: foreign, kinds: true, ready: undefined } })
  expect(refuse(facts, wanted(), settings()).map(({ subject }) => subject)).toEqual(['cert-manager'])
  expect(refuse(facts, wanted({ certManagerVersion: undefined }), settings())).toEqual([])
})

test('a Rancher is known by its server-url or its release, whichever says another name', () => {
  const of = (serverUrl: string | undefined, hostname?: unknown) =>
    refuseHostname(
      bare({ serverUrl, release: release({ values: hostname === undefined ? {} : { hostname } }) }),
      HOSTNAME,
    ).map(({ what }) => what.replace(/^this Rancher answers to (.*), got .*/, '$1'))
  expect(of('https://old.test')).toEqual(['old.test'])
  expect(of(`https://${HOSTNAME}`, 'old.test')).toEqual(['old.test'])
  expect(of('https://older.test', 'old.test')).toEqual(['older.test'])
  expect(of('no address', '')).toEqual([])
  expect(of(undefined, 7)).toEqual([])
  expect(of(`https://${HOSTNAME}`, HOSTNAME)).toEqual([])
})
