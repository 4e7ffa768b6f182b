import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { refuseRoom } from '../../../../src/kubernetes/rke/refuse-restore.ts'
import { pruneOn } from '../../../../src/kubernetes/rke/snapshots-on-node.ts'
import { fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { nodeOf } from './world.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'on-node-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a node without room for two copies of its database is refused', async () => {
  const GIB = 1024 ** 3
  const full = fakeHost(nodeOf(1)).answers('snapshot-room', `${GIB}\n${(2 * GIB) / 1024}\n`)
  const roomy = fakeHost(nodeOf(2)).answers('snapshot-room', `${GIB}\n${(3 * GIB) / 1024}\n`)
  expect(
    (await refuseRoom(fakeHosts([full, roomy]), folder)).map(({ subject, what }) => `${subject}: ${what}`),
  ).toEqual(['node-1: expected 2112 MiB free for a snapshot, got 2048 MiB'])
})

test('so is this machine, for the largest of them', async () => {
  const EIB = 1024 ** 6
  const large = fakeHost(nodeOf(1)).answers('snapshot-room', `${EIB}\n${EIB}\n`)
  const [refusal, ...others] = await refuseRoom(fakeHosts([large]), folder)
  expect(others).toEqual([])
  expect(refusal).toMatchObject({ subject: 'this machine', next: expect.stringContaining('RUNNER_TEMP') })
})

test('of our snapshots the newest two stay on a node, of others all', async () => {
  const host = fakeHost(nodeOf(1)).answers('prune-snapshots', '')
  await pruneOn(host)
  const [received] = host.received
  const script = received !== undefined && 'input' in received ? (received.input ?? '') : ''
  const [snapshots, kubernetes] = [join(folder, 'snapshots'), join(folder, 'kubernetes')]
  await mkdir(snapshots)
  await mkdir(kubernetes)
  const ours = ['20260101T000000Z_1-1', '20260102T000000Z_2-1', '20260103T000000Z_3-1', '20260104T000000Z_4-1']
  for (const name of ours) {
    await writeFile(join(snapshots, `rancher-ha_${name}.zip`), 'x')
    await writeFile(join(kubernetes, `rancher-ha_${name}.rkestate`), 'x')
  }
  await writeFile(join(snapshots, `rancher-ha_${ours[3]}`), 'unpacked')
  await writeFile(join(kubernetes, 'rancher-ha_20251231T000000Z_0-1.rkestate'), 'left by an attempt')
  for (const name of ['2026-01-01T00:00:00Z_etcd.zip', 'mine.zip']) await writeFile(join(snapshots, name), 'x')
  await writeFile(join(kubernetes, 'kube-ca.pem'), 'x')
  const here = script.replaceAll('/opt/rke/etcd-snapshots', snapshots).replaceAll('/etc/kubernetes', kubernetes)
  const removed = execFileSync('sh', ['-c', here], { encoding: 'utf8' })
  expect(removed.trim().split('\n')).toEqual([`rancher-ha_${ours[0]}`, `rancher-ha_${ours[1]}`])
  expect((await readdir(snapshots)).sort()).toEqual([
    '2026-01-01T00:00:00Z_etcd.zip',
    'mine.zip',
    `rancher-ha_${ours[2]}.zip`,
    `rancher-ha_${ours[3]}.zip`,
  ])
  expect((await readdir(kubernetes)).sort()).toEqual([
    'kube-ca.pem',
    `rancher-ha_${ours[2]}.rkestate`,
    `rancher-ha_${ours[3]}.rkestate`,
  ])
})
