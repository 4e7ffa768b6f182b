import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { BIN } from '../../lab/places.ts'
import { readEtcdSnapshot } from '../../src/snapshots/etcd-snapshot.ts'
import { tryRestore } from '../../src/snapshots/trial.ts'
import { ETCD_SNAPSHOT, never, scratch } from '../unit/snapshots/make.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

const tools = { etcd: join(BIN, 'etcd'), etcdutl: join(BIN, 'etcdutl') }
const fresh = (name: string): string => mkdirSync(join(folder.path, name), { recursive: true }) ?? folder.path

test('a real etcd restores a real snapshot with as many keys as were counted in the file', async () => {
  const path = join(fresh('taken'), 'etcd')
  writeFileSync(path, ETCD_SNAPSHOT)
  const counted = await readEtcdSnapshot(path)
  const trial = (keys: number, name: string) =>
    tryRestore(path, { ...counted, keys }, { tools, folder: fresh(name), signal: never })
  await expect(trial(counted.keys, 'as-counted')).resolves.toBeGreaterThan(0)
  await expect(trial(counted.keys + 1, 'one-more')).rejects.toThrow('51 of 52 keys')
})
