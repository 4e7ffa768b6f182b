import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { BIN } from '../../lab/places.ts'
import { packArchive } from '../../src/kubernetes/rke/snapshot-archive.ts'
import { createSnapshots } from '../../src/snapshots/snapshots.ts'
import { commandsOf } from '../e2e/recovery.ts'
import { STATE } from '../unit/kubernetes/rke/world.ts'
import { ETCD_SNAPSHOT, makeKeeping, makeSettings, makeSource, never, STACK, signer } from '../unit/snapshots/make.ts'

const page = readFileSync(new URL('../../docs/recovery.md', import.meta.url), 'utf8')
const NAME = 'rancher-ha_20260102T030405Z_42-1'
/** What the lab builds stands beside what the machine has. */
const PATH = [BIN, process.env['PATH']].join(delimiter)

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recovery-'))
  const taken = mkdirSync(join(folder, 'taken'), { recursive: true }) ?? folder
  const [database, file] = [join(taken, 'etcd.db'), join(taken, `${NAME}.zip`)]
  writeFileSync(database, ETCD_SNAPSHOT)
  await packArchive(file, NAME, database, STATE)
  const identity = await generateX25519Identity()
  writeFileSync(join(folder, 'identity.txt'), `# a comment\n${identity}\n`)
  const settings = makeSettings({
    places: [{ kind: 'file', folder: join(folder, 'place') }],
    recipients: [await identityToRecipient(identity)],
  })
  const etcd = async () => await Promise.reject(new Error('no trial is asked for'))
  const snapshots = createSnapshots({ stack: STACK, settings, etcd, folder, log: () => {} })
  const archive = readFileSync(file)
  const source = {
    ...makeSource(folder, { archive, state: STATE }),
    distribution: { name: 'rke', snapshot: NAME } as const,
  }
  renameSync(source.file, join(folder, `${NAME}.zip`))
  const kept = await snapshots.keep({ ...source, file: join(folder, `${NAME}.zip`) }, makeKeeping(), never)
  const [copy] = kept.copies
  if (copy?.ok !== true) throw new Error(JSON.stringify(kept.copies))
  renameSync(copy.ref, join(folder, 'snapshot.tar.age'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function carryOut(section: number): string {
  const commands = commandsOf(page, section)
  expect(commands).not.toBe('')
  return execFileSync('bash', ['-euc', commands], { cwd: folder, env: { ...process.env, PATH }, encoding: 'utf8' })
}

test('the page’s own commands open a snapshot, judge it, and have etcd take it', () => {
  expect(carryOut(1).trim().split('\n').sort()).toEqual(
    ['cluster.state', 'manifest.json', `${NAME}.zip`, 'rancher-values.json', 'seal.json', 'signer.pem'].sort(),
  )
  const judged = carryOut(2)
  expect(judged).toMatch(/^whole$/m)
  expect(judged).toContain(signer.publicKey)
  expect(judged).toMatch(/Signature Verified Successfully/)
  expect(judged.match(/: OK$/gm)).toHaveLength(4)
  expect(carryOut(3)).toMatch(/\| +76 \|/)
  expect(carryOut(4)).toMatch(/"kubernetes_version": "v1.32.6-rancher1-1"/)
  expect(readFileSync(join(folder, 'cluster.rkestate'), 'utf8')).toBe(STATE)
})

test('one byte changed, and they say so', () => {
  const tar = readFileSync(join(folder, 'snapshot.tar'))
  tar[5000] = (tar[5000] ?? 0) ^ 1
  writeFileSync(join(folder, 'snapshot.tar'), tar)
  const judged = execFileSync('bash', ['-c', commandsOf(page, 2)], {
    cwd: folder,
    env: { ...process.env, PATH },
    encoding: 'utf8',
  })
  expect(judged).toMatch(/^DAMAGED/m)
  expect(judged).not.toMatch(/^whole$/m)
})

test('rke is told the name the snapshot has, and the state that came with it', () => {
  expect(commandsOf(page, 5)).toContain(
    'rke etcd snapshot-restore --config cluster.yml --name "$name" --use-local-state',
  )
  expect(commandsOf(page, 5)).toContain('/opt/rke/etcd-snapshots/$name.zip')
})
