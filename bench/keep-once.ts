// Keeps one snapshot in a folder, as mode backup does once it has it, and prints what that took. A process of its own: its peak memory counts.
import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { makeSigner } from '../src/snapshots/signer.ts'
import { createSnapshots } from '../src/snapshots/snapshots.ts'

const [etcdFile = '', folder = '', recipient] = process.argv.slice(2)
const digest = createHash('sha256')
for await (const chunk of createReadStream(etcdFile)) digest.update(chunk)
const fileSha256 = digest.digest('hex') // the distribution hands this over with the file

const began = performance.now()
const snapshots = createSnapshots({
  stack: { name: 'bench', owner: '1', ownerName: 'bench/bench' },
  settings: {
    places: [{ kind: 'file', folder: join(folder, 'place') }],
    recipients: recipient === undefined ? [] : [recipient],
    identities: [],
    signers: [],
    unsigned: false,
    retentionDays: undefined,
    githubToken: undefined,
  },
  etcd: () => Promise.reject(new Error('not asked for')),
  folder,
  log: () => {},
})
const live = { clusterUid: undefined, caFingerprint: undefined, revision: undefined }
const { sizeBytes, copies } = await snapshots.keep(
  {
    stack: { name: 'bench', owner: '1', ownerName: 'bench/bench' },
    run: { id: String(process.pid), attempt: 1 },
    takenAt: new Date(),
    clusterUid: '00000000-0000-4000-8000-000000000000',
    hostname: 'bench',
    caFingerprint: hash('sha256', 'bench'),
    distribution: { name: 'rke', snapshot: basename(etcdFile) },
    versions: { kubernetes: undefined, rancher: undefined, chart: undefined },
    nodes: [],
    members: [],
    asked: undefined,
    file: etcdFile,
    fileSha256,
    etcdFile,
    state: '{}',
    values: undefined,
  },
  { signer: makeSigner(), live, verify: 'hash', acceptDrop: false },
  new AbortController().signal,
)
if (!copies.every(({ ok }) => ok)) throw new Error(`not stored: ${JSON.stringify(copies)}`)
const tookMs = performance.now() - began
process.stdout.write(JSON.stringify({ tookMs, sizeBytes, peakMiB: process.resourceUsage().maxRSS / 1024 }))
