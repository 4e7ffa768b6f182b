import { expect, test } from '@jest/globals'
import { StackError } from '../../../../src/errors.ts'
import { parseOwnApi, readProgress } from '../../../../src/kubernetes/rke/progress.ts'
import { planeProblems } from '../../../../src/kubernetes/rke/prove-planes.ts'
import { fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { apiAnswer, etcdAnswer } from './answers.ts'
import { nodeOf, wantedOf } from './world.ts'

const { nodes } = wantedOf()
const ownApi = (version: string, ready = 'ok') =>
  `\n#### version\n{"major":"1","gitVersion": "${version}"}\n\n#### ready\n${ready}\n\n#### end\n`

const hostOf = (at: number, own = ownApi('v1.32.6')) =>
  fakeHost(nodeOf(at + 1))
    .answers('ask-api', () => apiAnswer(nodes))
    .answers('own-api', own)
    .answers('ask-etcd', etcdAnswer(at, nodes))

test('each node is asked for its own versions, and says what is not well', async () => {
  const hosts = fakeHosts([
    hostOf(0),
    hostOf(1, ownApi('v1.31.4', '[-]etcd failed')),
    hostOf(2).answers('ask-etcd', ''),
  ])
  const [first, second, third] = await readProgress(hosts)
  expect(first).toEqual({
    node: 'node-1',
    reached: true,
    kubelet: 'v1.32.6',
    apiServer: 'v1.32.6',
    etcd: '3.5.35',
    red: [],
  })
  expect(second).toMatchObject({ apiServer: 'v1.31.4', red: ['API server: [-]etcd failed'] })
  expect(third).toMatchObject({ etcd: undefined, red: ['etcd: its container does not run'] })
})

test('a machine that is gone is told, and keeps nobody from asking the others', async () => {
  const gone = () => {
    throw new StackError('ssh', 'no route to host')
  }
  const first = hostOf(0).answers('ask-api', gone).answers('own-api', gone).answers('ask-etcd', gone)
  const unreached = [{ node: nodeOf(3), why: 'no answer' }]
  const progress = await readProgress(fakeHosts([first, hostOf(1)], unreached))
  expect(progress.map(({ node, reached, red }) => [node, reached, red])).toEqual([
    ['node-1', false, ['does not answer by SSH']],
    ['node-2', true, []],
    ['node-3', false, ['does not answer: no answer']],
  ])
})

test('an API server that does not answer has no version and is not ready', () => {
  expect(parseOwnApi('\n#### version\n\n#### ready\nError: connection refused\n#### end\n')).toEqual({
    version: undefined,
    ready: false,
    said: 'Error: connection refused',
  })
})

test('a node counts as brought to a version by its own word alone: kubelet, API server, nothing red', async () => {
  const progress = await readProgress(fakeHosts([hostOf(0), hostOf(1, ownApi('v1.31.4')), hostOf(2)]))
  const wanted = { nodes }
  expect(planeProblems(progress, wanted, 'v1.32.6-rancher1-1')).toEqual([
    'node-2: expected API server v1.32.6, got v1.31.4',
  ])
  expect(planeProblems(progress.slice(0, 2), wanted, 'v1.31.4-rancher1-1')).toEqual([
    'node-1: expected kubelet v1.31.4, got v1.32.6',
    'node-1: expected API server v1.31.4, got v1.32.6',
    'node-2: expected kubelet v1.31.4, got v1.32.6',
    'node-3: does not answer',
  ])
})
