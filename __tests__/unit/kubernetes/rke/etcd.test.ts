import { expect, test } from '@jest/globals'
import { parseEtcd } from '../../../../src/kubernetes/rke/etcd.ts'

/** Printed by etcdctl 3.5.35. */
const HEALTH = '[{"endpoint":"https://10.77.0.11:2379","health":true,"took":"2.957484ms"}]'
const STATUS =
  '[{"Endpoint":"https://10.77.0.11:2379","Status":{"header":{"cluster_id":13455796455940752355,"member_id":443629905751424238,"revision":883,"raft_term":2},"version":"3.5.35","dbSize":20480,"leader":443629905751424238,"raftIndex":5,"raftTerm":2,"raftAppliedIndex":5,"dbSizeInUse":16384}}]'
const MEMBERS =
  '{"header":{"cluster_id":13455796455940752355,"member_id":443629905751424238,"raft_term":2},"members":[{"ID":443629905751424238,"name":"etcd-node-1","peerURLs":["https://10.77.0.11:2380"],"clientURLs":["https://10.77.0.11:2379"]},{"ID":5930147208120843189,"peerURLs":["https://10.77.0.12:2380"]}]}'
const UNHEALTHY =
  '[{"endpoint":"https://10.77.0.11:2379","health":false,"took":"4.000621937s","error":"context deadline exceeded"}]'
const LEADERLESS =
  '[{"Endpoint":"https://10.77.0.11:2379","Status":{"header":{"cluster_id":13455796455940752355,"member_id":443629905751424238,"revision":1,"raft_term":2},"version":"3.5.35","dbSize":20480,"raftIndex":6,"raftTerm":2,"raftAppliedIndex":6,"errors":["etcdserver: no leader"],"dbSizeInUse":16384}}]'

test('a healthy member: leader, revision, and the others it knows, ids to the last digit', () => {
  const { member, list } = parseEtcd(
    'node-1',
    `#### health\n${HEALTH}\n\n#### status\n${STATUS}\n\n#### members\n${MEMBERS}\n\n#### log\n\n#### end\n`,
  )
  expect(member).toEqual({
    node: 'node-1',
    healthy: true,
    leader: true,
    revision: 883,
    knows: ['node-1'],
    problem: undefined,
  })
  expect(list).toEqual([
    { id: '628170c800dbcee', name: 'node-1', peerUrls: ['https://10.77.0.11:2380'], started: true },
    { id: '524c1d776dd13bb5', name: '', peerUrls: ['https://10.77.0.12:2380'], started: false },
  ])
})

test('a survivor without quorum: not healthy, no leader, and why', () => {
  const { member } = parseEtcd(
    'node-1',
    `#### health\n${UNHEALTHY}\n\n#### status\n${LEADERLESS}\n\n#### members\n\n#### log\nlast words\n#### end\n`,
  )
  expect(member).toMatchObject({ healthy: false, leader: false, revision: 1, problem: 'context deadline exceeded' })
})

test('a survivor that says it has no leader is not asked for more', () => {
  const { member } = parseEtcd('node-1', `#### status\n${LEADERLESS}\n\n#### members\n\n#### log\n\n#### end\n`)
  expect(member).toMatchObject({ healthy: false, leader: false, revision: 1, problem: 'etcdserver: no leader' })
})

test('a member that ends over and over says so with its last line', () => {
  const { member } = parseEtcd('node-1', '#### log\nfirst\nmember a has already been bootstrapped\n\n#### end\n')
  expect(member).toEqual({
    node: 'node-1',
    healthy: false,
    leader: false,
    revision: undefined,
    knows: [],
    problem: 'member a has already been bootstrapped',
  })
})

test('half an answer is no answer', () => {
  expect(parseEtcd('node-1', `#### health\n${HEALTH.slice(0, 30)}`).member.healthy).toBe(false)
})
