import { describe, expect, test } from '@jest/globals'
import type { CoreV1Event, KubernetesObject } from '@kubernetes/client-node'
import fc from 'fast-check'
import { redact } from '../../../src/rancher/redact.ts'
import { hopeless, type NewPod, readRollOut, rollOutOf } from '../../../src/rancher/roll-out.ts'
import { formatRollOut, judged } from '../../../src/rancher/watch-roll-out.ts'
import { warningsOf, whatWentWrong } from '../../../src/rancher/what-went-wrong.ts'
import { fakeKube } from './fake-kube.ts'
import { at, deployment, type Given, pod, replicaSet } from './pods.ts'

const sets = [replicaSet('old', 3), replicaSet('new', 4)]
const olds = [pod('a', 'old', { ready: true }), pod('b', 'old', { ready: true })]
const withNew = (given: Given) => rollOutOf(deployment, sets, [...olds, pod('c', 'new', given)])

describe('whether a pod of the newest template was ever ready', () => {
  const cases: [string, Given, boolean][] = [
    ['ready now', { ready: true, since: 40 }, true],
    ['never: it is False since the kubelet took it up', { since: 2 }, false],
    ['was, and is not any more: False only later', { since: 60 }, true],
    ['never taken up', { unscheduled: true }, false],
    ['never, and started again and again', { since: 1, restarts: 5, waiting: 'CrashLoopBackOff' }, false],
  ]
  test.each(cases)('%s', (_name, given, expected) => {
    expect(withNew(given).newest.map(({ everReady }) => everReady)).toEqual([expected])
  })

  test('the newest template is that of the newest revision; pods that are ended count for nothing', () => {
    const ending = pod('d', 'new', { ready: true })
    const going = { ...ending, metadata: { ...ending.metadata, deletionTimestamp: at(9) } }
    const rollOut = rollOutOf(deployment, sets.toReversed(), [...olds, going, pod('c', 'new')])
    expect(rollOut).toMatchObject({ wanted: 3, ready: 2, template: 'new', newest: [{ name: 'c', node: 'node-1' }] })
  })
})

describe('which pods a change of Rancher is judged by', () => {
  const crashed = (restarts: number, given: Given = {}) =>
    withNew({ restarts, waiting: 'CrashLoopBackOff', ...given }).newest
  const cases: [string, NewPod[], NewPod[], number, number[]][] = [
    ['one it has made', [], crashed(5), 1, [5]],
    ['one that a release before left behind: not yet', crashed(4), crashed(5), 120, []],
    ['one that was left behind and is still there', crashed(4), crashed(5), 121, [5]],
    ['one that was ready, and is not for a moment', crashed(5, { ready: true }), crashed(5), 4000, []],
    ['one that was ready before it, by how often it ended since', crashed(5, { since: 60 }), crashed(8), 4000, [3]],
    ['the same, too early', crashed(5, { since: 60 }), crashed(8), 120, []],
  ]
  test.each(cases)('%s', (_name, before, newest, seconds, restarts) => {
    const now = { wanted: 3, ready: 2, template: 'new', newest }
    expect(judged(before, now, seconds * 1000).newest.map((pod) => pod.restarts)).toEqual(restarts)
  })
})

describe('when no waiting helps', () => {
  const cases: [string, Given, number, RegExp | undefined][] = [
    [
      'an image that can never be had',
      { waiting: 'ErrImageNeverPull' },
      1,
      /c on node-1: ErrImageNeverPull: so it says/,
    ],
    ['an image that may yet come', { waiting: 'ImagePullBackOff' }, 60, undefined],
    ['an image that does not come', { waiting: 'ImagePullBackOff' }, 91, /ImagePullBackOff/],
    ['a second start', { restarts: 2, waiting: 'CrashLoopBackOff' }, 40, undefined],
    ['a third', { restarts: 3, waiting: 'CrashLoopBackOff' }, 40, /it ended 3 times; CrashLoopBackOff/],
    ['many starts, and ready now', { restarts: 5, ready: true }, 4000, undefined],
    ['an image that is still pulled', { waiting: 'ContainerCreating' }, 700, undefined],
    ['a container that is never started', { waiting: 'ContainerCreating' }, 721, /not started within 12 minutes/],
    ['not ready yet', { started: 100 }, 459, undefined],
    ['alive and not ready for too long', { started: 100 }, 461, /not ready within 6 minutes/],
    ['a startup probe that gives more time', { started: 100, startup: 600 }, 1800, undefined],
    ['and that time is over, too', { started: 100, startup: 600 }, 1901, /not ready within 30 minutes/],
    ['started anew by its probe: that has its own count', { started: 300, restarts: 2 }, 1000, undefined],
    ['no place for it', { unscheduled: true }, 721, /^c: not started within 12 minutes; Unschedulable: 0\/3 nodes/],
  ]
  test.each(cases)('%s', (_name, given, age, expected) => {
    const why = hopeless(withNew(given), at(age))
    if (expected === undefined) expect(why).toBeUndefined()
    else expect(why).toMatch(expected)
  })
})

test('how far it is, in a line', () => {
  expect(formatRollOut(withNew({ waiting: 'ImagePullBackOff' }))).toBe(
    '2 of 3 replicas ready, 0 of the newest; c: ImagePullBackOff',
  )
  expect(formatRollOut(withNew({ ready: true }))).toBe('3 of 3 replicas ready, 1 of the newest')
})

test('what went wrong: the pod, the last warnings about it, and what its container said last', async () => {
  const event = (name: string, text: string, seconds: number, type = 'Warning') =>
    ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: text, namespace: 'cattle-system' },
      involvedObject: { name },
      type,
      reason: 'Failed',
      message: text,
      lastTimestamp: at(seconds),
    }) as CoreV1Event
  const events = [
    event('c', 'second', 2),
    event('c', 'first', 1),
    event('a', 'of another', 3),
    event('c', 'fine', 4, 'Normal'),
  ]
  expect(warningsOf(events, 'c')).toEqual(['Failed: first', 'Failed: second'])
  const objects: KubernetesObject[] = [
    deployment,
    ...sets,
    ...olds,
    pod('c', 'new', { restarts: 2, waiting: 'CrashLoopBackOff' }),
    ...events,
  ]
  const kube = fakeKube(objects, { 'c/rancher/previous': 'panic: no such table\nBootstrap Password: h7kq2' })
  expect(await whatWentWrong(kube)).toEqual([
    'pod c on node-1: was never ready, restarted 2 times, CrashLoopBackOff',
    '  event: Failed: first',
    '  event: Failed: second',
    '  log: panic: no such table',
    '  log: Bootstrap Password: ***',
  ])
  expect((await readRollOut(kube)).ready).toBe(2)
})

test('where the container before is gone, the one that runs is asked; a pod without a node has said nothing', async () => {
  const kube = fakeKube(
    [deployment, ...sets, pod('c', 'new', { restarts: 3 }), pod('d', 'new', { unscheduled: true })],
    {
      'c/rancher/previous': 'unable to retrieve container logs for containerd://0123',
      'c/rancher': 'panic: no such table',
    },
  )
  expect(await whatWentWrong(kube)).toEqual([
    'pod c on node-1: was never ready, restarted 3 times',
    '  log: panic: no such table',
    'pod d on no node: was never ready, Unschedulable',
  ])
})

test('a log that cannot be read is told as such', async () => {
  const kube = fakeKube([deployment, ...sets, pod('c', 'new')])
  expect((await whatWentWrong(kube)).at(-1)).toMatch(/could not be read: nobody announced/)
})

describe('what may be a secret is not repeated', () => {
  const cases: [string, string][] = [
    ['Bootstrap Password: h7kq2mfd', 'Bootstrap Password: ***'],
    ['{"password":"two words","user":"admin"}', '{"password":***,"user":"admin"}'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: ***'],
    ['using token kubeconfig-u-x1:abcdefghijklmnopqrstuvwxyz0123', 'using token kubeconfig-u-x1:***'],
    ['dial postgres://joe:secret@db/x', 'dial postgres://***@db/x'],
    ['key eyJhbGciOi.eyJzdWIi.c2ln end', 'key *** end'],
    [`${'A'.repeat(64)}`, '***'],
    ['listening on :443 after 3 s', 'listening on :443 after 3 s'],
  ]
  test.each(cases)('%s', (line, expected) => {
    expect(redact(line)).toBe(expected)
  })

  test('whatever stands behind such a name is hidden', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9!#%&+./]{6,40}$/)
    const name = fc.constantFrom(
      'password',
      'PASSWORD',
      'client_secret',
      'api-key',
      'accessKey',
      'passphrase',
      'auth token',
    )
    fc.assert(
      fc.property(name, fc.constantFrom(': ', '=', '": "', ' is '), secret, (named, between, value) => {
        expect(redact(`x ${named}${between}${value}`)).not.toContain(value)
      }),
    )
  })
})
