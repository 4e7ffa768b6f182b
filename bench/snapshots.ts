// Measures how a snapshot is verified, packed, encrypted and stored against the same by native tools, in turns, and
// writes bench/SNAPSHOTS.md. Needs the lab's etcd and etcdutl, and `age` (AGE, or in PATH).
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { CACHE } from '../lab/places.ts'
import { etcdSnapshotOf } from './etcd-of.ts'

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3)
const MIB = 2 ** 20
const age = process.env['AGE'] ?? 'age'
const bin = (name: string) => join(CACHE, 'bin', name)
const recipient = await identityToRecipient(await generateX25519Identity())
const root = mkdtempSync(join(process.env['BENCH_TMP'] ?? tmpdir(), 'bench-snapshots-'))

type Ours = { tookMs: number; sizeBytes: number; peakMiB: number }

/** The mode's own code, in a process of its own. */
function ours(snapshot: string, encrypted: boolean): Ours {
  const folder = mkdtempSync(join(root, 'ours-'))
  const script = join(import.meta.dirname, 'keep-once.ts')
  const args = ['--no-warnings', script, snapshot, folder, ...(encrypted ? [recipient] : [])]
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return JSON.parse(said)
}

/** What a person would script: check the digest, read it, sum the parts, pack, encrypt, store safely, check the copy. */
function nativeMs(snapshot: string, encrypted: boolean): number {
  const folder = mkdtempSync(join(root, 'native-'))
  mkdirSync(join(folder, 'place'))
  writeFileSync(join(folder, 'state'), '{}')
  const script = `set -euo pipefail; cd ${folder}
    want=$(tail -c 32 ${snapshot} | od -An -tx1 | tr -d ' \\n'); got=$(head -c -32 ${snapshot} | sha256sum | cut -d' ' -f1)
    [ "$want" = "$got" ]
    ${bin('etcdutl')} snapshot status ${snapshot} -w json >manifest.json
    sha256sum ${snapshot} state >>manifest.json
    tar -cf - manifest.json state -C ${join(snapshot, '..')} snapshot ${encrypted ? `| ${age} -r ${recipient}` : ''} >out.tar
    sha256sum out.tar >out.sum
    cp out.tar place/.half; sync place/.half; mv place/.half place/out.tar; sync place
    (cd place && sha256sum -c ../out.sum >/dev/null)`
  const began = performance.now()
  execFileSync('bash', ['-c', script])
  const tookMs = performance.now() - began
  rmSync(folder, { recursive: true })
  return tookMs
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const seconds = (ms: number) => (ms / 1000).toFixed(1)

function measure(snapshot: string, encrypted: boolean, rounds: number): string {
  const runs: { mine: Ours; native: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    runs.push({ native: nativeMs(snapshot, encrypted), mine: ours(snapshot, encrypted) })
  }
  const [native, mine] = [median(runs.map((run) => run.native)), median(runs.map((run) => run.mine.tookMs))]
  const peak = Math.max(...runs.map((run) => run.mine.peakMiB))
  const size = Math.round((runs[0]?.mine.sizeBytes ?? 0) / MIB)
  return `| ${size} MiB | ${encrypted ? 'yes' : 'no'} | ${seconds(native)} | ${seconds(mine)} | ${(mine / native).toFixed(2)} | ${peak.toFixed(0)} |`
}

const rows: string[] = []
try {
  for (const [mib, rounds] of [
    [100, ROUNDS],
    [1024, ROUNDS],
    [2048, 1],
  ] as const) {
    const snapshot = await etcdSnapshotOf(mib * MIB, bin('etcd'), join(root, `etcd-${mib}`))
    rmSync(join(root, `etcd-${mib}`, 'data'), { recursive: true })
    for (const encrypted of [false, true]) rows.push(measure(snapshot, encrypted, rounds))
    rmSync(join(root, `etcd-${mib}`), { recursive: true })
  }
} finally {
  rmSync(root, { recursive: true })
}

const text = `# Figures of snapshots

Repeat with \`node bench/snapshots.ts\` on a quiet machine. A snapshot of a real etcd, verified, packed, signed and stored in a
folder by this action, against \`sha256sum\`, \`etcdutl snapshot status\`, \`tar\`, \`age\` and \`cp\` in a script, in turns; medians of
${ROUNDS} rounds (one of the largest).

Last: ${new Date().toISOString().slice(0, 10)}, node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(0)}.

| stored | encrypted | native, s | this action, s | ratio | peak memory, MiB |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Aim: a ratio of at most 1.25 without and 3 with encryption; under 250 MiB, and the same for every size.
`
writeFileSync(join(import.meta.dirname, 'SNAPSHOTS.md'), text)
process.stdout.write(text)
