import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { conformance } from '../conformance/conformance.ts'
import type { Probe, Row } from '../conformance/probe.ts'
import { prove } from '../conformance/prove.ts'
import { type ErrorKind, StackError } from '../errors.ts'
import { toleratedLosses } from '../quorum.ts'
import { openClient } from '../rancher/client.ts'
import { openKube } from '../rancher/kube.ts'
import type { Run } from '../run.ts'
import { tellStack } from './outcome.ts'
import { type Seen, wantedNodes } from './seen.ts'
import type { Stack } from './stack.ts'
import { caseOf, describeCase } from './stack-case.ts'

export type Proof = {
  /** Ask until yes, or once. */
  rounds?: number
  deadlineMs?: number
  nodeCount?: number
  /** Names of the nodes it is asked on, instead of all. */
  nodes?: string[]
  /** Ids of sentences that are not asked for: nobody waits for what may be broken. */
  except?: string[]
  /** Asked besides the recommended architecture. */
  more?: Probe[]
  /** Rows that wait for a person: told as such, and no failure. */
  pending?: { id: string; evidence: string }[]
}

/** Proves each sentence of the recommended architecture on the running stack. @throws StackError naming those that are broken */
export async function proveStack(run: Run, stack: Stack, seen: Seen, proof: Proof = {}): Promise<void> {
  const { report } = run
  const hostname = hostnameOf(run, seen)
  tellStack(report, seen, hostname)
  await tellCa(run, stack, seen)
  const pending = proof.pending ?? []
  const read = isFresh(run, seen) ? seen.cluster : undefined
  const probes = conformance({ ...contextOf(run, stack, seen, proof.nodeCount), read })
  const waiting = probes.flatMap(({ id, sentence }) =>
    pending.filter((row) => row.id === id).map(({ evidence }) => ({ id, sentence, ok: false, evidence })),
  )
  const asked = probes.filter(({ id }) => !waiting.some((row) => row.id === id))
  const rows = await report.step('Prove the recommended architecture', () =>
    prove([...asked, ...(proof.more ?? [])], {
      signal: run.signal,
      ...(proof.rounds !== undefined && { rounds: proof.rounds }),
      ...(proof.deadlineMs !== undefined && { deadlineMs: proof.deadlineMs }),
    }),
  )
  report.conformance([...waiting, ...rows])
  throwBroken(rows, seen, describeCase(caseOf(seen, stack.distribution)).next)
}

/** Asks for each sentence of the recommended architecture, and tells nothing; a no is a row. */
export async function askStack(run: Run, stack: Stack, seen: Seen, proof: Proof = {}): Promise<Row[]> {
  const { nodeCount, nodes, except = [], rounds, deadlineMs } = proof
  const context = { ...contextOf(run, stack, seen, nodeCount), ...(nodes && { expectedNodes: nodes }) }
  const probes = conformance(context).filter(({ id }) => !except.includes(id))
  return prove(probes, {
    signal: run.signal,
    ...(rounds !== undefined && { rounds }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  })
}

/** The name Rancher answers to: asked for now, asked for last, or remembered. */
export function hostnameOf(
  { settings }: Pick<Run, 'settings'>,
  { cluster, infrastructure, rancher }: Seen,
): string | undefined {
  if (settings.mode === 'install') return settings.hostname
  return (
    (settings.mode === 'upgrade' ? settings.hostname : undefined) ??
    cluster.asked?.hostname ??
    infrastructure.memory.hostname ??
    hostnameIn(rancher.release?.values)
  )
}

/** The name Helm's values have: of a Rancher that was installed by others, nobody else knows it. */
function hostnameIn(values: Record<string, unknown> | undefined): string | undefined {
  const hostname = values?.['hostname']
  return typeof hostname === 'string' && hostname !== '' ? hostname : undefined
}

function contextOf(run: Run, stack: Stack, seen: Seen, nodeCount = 0) {
  const hostname = hostnameOf(run, seen) ?? ''
  const loadBalancer = seen.infrastructure.loadBalancer?.address
  return {
    hostname,
    expectedNodes: wantedNodes(seen.infrastructure, nodeCount).map(({ name }) => name),
    hosts: stack.hosts,
    cluster: () => stack.distribution.inspect(stack.hosts),
    etcd: () => stack.distribution.askEtcd(stack.hosts),
    kube: async () => openKube(await stack.api()),
    client: async () =>
      openClient({ hostname, address: loadBalancer ?? '', ca: await stack.rancher.ca(await stack.api()) }),
    loadBalancer,
    kubernetesVersion: seen.cluster.version,
  }
}

/** What was read so shortly before the proof need not be read again for it. */
const FRESH_MS = 10_000

function isFresh({ clock }: Run, { rancher }: Seen): boolean {
  return Math.abs(clock.now() - rancher.readAt.getTime()) < FRESH_MS
}

/** Writes the CA a client has to trust, which is public, where later steps of the job can read it. */
async function tellCa({ report, keep, settings }: Run, stack: Stack, { cluster }: Seen): Promise<void> {
  if (cluster.state !== 'running') return
  const ca = await stack.rancher.ca(await stack.api())
  if (ca === undefined) return
  const path = join(keep, `rancher-ca-${settings.stack.name}.pem`)
  await writeFile(path, ca)
  report.output('rancher-ca', path)
}

/** Whose trouble a broken sentence is. */
const KINDS: Record<string, ErrorKind> = {
  'name-resolves': 'cloud',
  'balancer-forwards-80': 'cloud',
  'balancer-forwards-443': 'cloud',
  'rancher-answers': 'rancher',
  'replica-on-each-node': 'rancher',
  'reaches-rancher-pod-port-80': 'rancher',
  'snapshot-age': 'snapshot',
}

/**
 * @param cure what to do about a cluster that does not run; undefined for one that does
 * @throws StackError that names every broken sentence, what still holds, and how much more may be lost
 */
export function throwBroken(rows: Row[], seen: Seen, cure?: string): void {
  const broken = rows.filter(({ ok }) => !ok)
  const [first] = broken
  if (first === undefined) return
  const what = broken.map(({ sentence, evidence }) => `${sentence} Seen: ${evidence}`).join('\n')
  throw new StackError(KINDS[first.id] ?? 'kubernetes', what, {
    stands: `${rancherStands(rows)} ${lossesLeft(seen)}`,
    next: cure ?? nextFor(broken, seen),
  })
}

function rancherStands(rows: Row[]): string {
  const answers = rows.find(({ id }) => id === 'rancher-answers')?.ok === true
  return answers ? 'Rancher still answers.' : 'Rancher does not answer.'
}

/** How many further nodes may be lost before etcd has no quorum. */
export function lossesLeft({ cluster, infrastructure }: Seen): string {
  const members = Math.max(cluster.etcd.length, infrastructure.nodes.length)
  const healthy = cluster.etcd.filter((member) => member.healthy).length
  const left = toleratedLosses(members, healthy)
  if (members === 0) return 'There is no etcd member.'
  if (left < 0) return 'etcd has lost its quorum.'
  return left === 0 ? 'No further node may be lost.' : `${left} more ${left === 1 ? 'node' : 'nodes'} may be lost.`
}

function nextFor(broken: Row[], { infrastructure }: Seen): string {
  if (broken.every(({ id }) => id === 'snapshot-age')) return 'Run mode backup, and look why it did not run before.'
  if (infrastructure.nodes.length === 0) return 'Run mode install to make the stack.'
  return 'Mend what is named, or run mode install with the inputs of the stack: it brings back what is missing.'
}
