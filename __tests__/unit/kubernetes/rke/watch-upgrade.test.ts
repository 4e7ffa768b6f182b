import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { RED_MS } from '../../../../src/kubernetes/rke/follow-upgrade.ts'
import { whileWatched } from '../../../../src/kubernetes/rke/watch-upgrade.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { apiAnswer, etcdAnswer } from './answers.ts'
import { wantedOf } from './world.ts'

const { nodes } = wantedOf()
const { signal } = new AbortController()
const own = (version: string, ready = 'ok') =>
  `\n#### version\n{"gitVersion":"${version}"}\n#### ready\n${ready}\n#### end\n`

const hosts = (): FakeHost[] =>
  nodes.map((node, at) =>
    fakeHost(node)
      .answers('ask-api', () => apiAnswer(nodes))
      .answers('own-api', own('v1.32.6'))
      .answers('ask-etcd', etcdAnswer(at, nodes)),
  )

/** Work that ends only when it is told to, as rke would go on. */
const endless = async (stop: AbortSignal) => {
  await once(stop, 'abort')
  throw stop.reason
}

test('a first node that stays red ends the work, long before it would end itself', async () => {
  const [first, ...others] = hosts()
  const red = (first as FakeHost).answers('own-api', own('v1.32.6', 'connection refused'))
  let looks = 0
  const now = () => looks++ * (RED_MS / 2 + 1)
  const log: string[] = []
  const watched = whileWatched(fakeHosts([red, ...others]), endless, {
    log: (line) => log.push(line),
    signal,
    everyMs: 1,
    now,
  })
  await expect(watched).rejects.toMatchObject({
    kind: 'kubernetes',
    message: 'node-1 is not well for 180 s: API server: connection refused',
    stands: expect.stringContaining('before it went on to another node'),
    retry: true,
  })
})

test('work that ends by itself ends the watch, and its own error is the one that counts', async () => {
  const failing = whileWatched(fakeHosts(hosts()), () => Promise.reject(new Error('its own')), {
    log: () => {},
    signal,
  })
  await expect(failing).rejects.toThrow('its own')
  await whileWatched(fakeHosts(hosts()), async () => {}, { log: () => {}, signal })
})

test('nodes that cannot be asked end nothing', async () => {
  const broken = hosts().map((host) => host.answers('ask-etcd', () => Promise.reject(new Error('half a line'))))
  let looks = 0
  const work = async () => {
    while (looks < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await whileWatched(fakeHosts(broken), work, { log: () => {}, signal, everyMs: 1, now: () => looks++ })
  expect(looks).toBeGreaterThanOrEqual(3)
})
