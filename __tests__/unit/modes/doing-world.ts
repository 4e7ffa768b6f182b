import { createHash } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../../../src/conformance/probe.ts'
import { StackError } from '../../../src/errors.ts'
import type { Infrastructure } from '../../../src/infrastructure/infrastructure.ts'
import type {
  Asked,
  ClusterFacts,
  Distribution,
  Former,
  TakenSnapshot,
  Upgrading,
  WantedCluster,
} from '../../../src/kubernetes/distribution.ts'
import type { RkeFacts } from '../../../src/kubernetes/rke/facts.ts'
import { goBack } from '../../../src/modes/go-back.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import { upgradeStack } from '../../../src/modes/upgrade-converge.ts'
import { wantUpgrade } from '../../../src/modes/want-upgrade.ts'
import type { EndpointWatch } from '../../../src/modes/watch-endpoint.ts'
import type { Hosts } from '../../../src/remote/host.ts'
import type { NodeLease } from '../../../src/remote/lease.ts'
import type { UpgradeRun } from '../../../src/run.ts'
import type { UpgradeSettings } from '../../../src/settings.ts'
import type { Place } from '../../../src/snapshots/snapshot.ts'
import type { Written } from '../../../src/snapshots/written-since.ts'
import type { Change } from '../../../src/steps.ts'
import { fakeHost, fakeHosts } from '../../fakes/host.ts'
import { foundOf, STATE } from '../kubernetes/rke/world.ts'
import { release } from '../rancher/make.ts'
import { ETCD_SNAPSHOT, STACK, snapshotsOf } from '../snapshots/make.ts'
import { NOW, seenStack, upgradeSettings, upgradeWorld } from './upgrade-world.ts'

export const [OLD, NEW] = ['v1.31.10-rancher1-1', 'v1.32.6-rancher1-1']
const kubelet = (version: string) => version.replace(/-rancher.*$/, '')

/** Says "killed" at the chosen act, before it has its effect or half-way through it. */
export class Killed extends Error {}

/** What runs, and what it has written. */
type Content = {
  kubernetes: Record<string, string>
  asked: Asked
  phase: 'pending' | 'done'
  rancher: {
    version: string
    revision: number
    status: string
    deployed: string
    deployedRevision: number
    template: string
  }
  /** What clients and Rancher wrote: the snapshot's diff. */
  written: Written[]
}

export type Faults = {
  /** A Kubernetes version that does not come up on this node. */
  badNode?: { node: string; version: string; red: boolean; times: number }
  /** A machine that goes away while this version is brought to it. */
  deadNode?: { node: string; version: string }
  /** What a Rancher of that version does. */
  badRancher?: { version: string; everReady: boolean; writes: Written[]; noPods?: boolean }
  /** Sentences that are broken, by what runs. */
  broken?: (content: Content) => string[]
  /** What a client writes while Rancher is upgraded. */
  clientWrites?: Written[]
  rollBackFails?: boolean
  /** What a client writes after the second snapshot, as long as a replica of Rancher takes it. */
  lateWrites?: Written[]
}

/**
 * Three nodes with Kubernetes and a Rancher on them, in memory; the planner's, rke's and Rancher's own decisions are the
 * real ones. Each act can be the last one of a run.
 */
export class DoingWorld {
  content: Content
  upgrading: Upgrading | undefined
  point: Content | undefined
  /** Whether a disruption budget stands. */
  guarded = false
  /** Whether every replica of Rancher was ended. */
  quiet = false
  /** What was written when the data were put back. */
  rewound: Written[] = []
  readonly acts: string[] = []
  readonly told: string[] = []
  left = Number.POSITIVE_INFINITY
  now = NOW.getTime()
  faults: Faults
  readonly folder: string
  #everReady = false
  #dead: string | undefined

  constructor(folder: string, faults: Faults = {}) {
    this.folder = mkdtempSync(join(folder, 'doing-'))
    this.faults = faults
    const seen = seenStack()
    this.content = {
      kubernetes: Object.fromEntries(['node-1', 'node-2', 'node-3'].map((name) => [name, OLD])),
      asked: { ...(seen.cluster.asked as Asked), rancherVersion: '2.10.3' },
      phase: 'done',
      rancher: {
        version: '2.10.3',
        revision: 1,
        status: 'deployed',
        deployed: '2.10.3',
        deployedRevision: 1,
        template: 'old',
      },
      written: [],
    }
  }

  /** Where snapshots are kept off the nodes. */
  kept(): Place & { kind: 'file' } {
    return { kind: 'file', folder: join(this.folder, 'kept') }
  }

  /** Names of the nodes that run Kubernetes. */
  names(): string[] {
    return Object.keys(this.content.kubernetes)
  }

  protected infrastructure(): Partial<Infrastructure> {
    return { provider: 'local', plan: () => [] }
  }

  /** One act that changes something; with the last one allowed the run dies, half-way through it. */
  act(text: string): boolean {
    this.left -= 1
    if (this.left < 0) throw new Killed(`killed before: ${text}`)
    this.acts.push(text)
    this.now += 60_000
    return this.left === 0
  }

  protected half(isHalf: boolean): void {
    if (isHalf) throw new Killed('killed half-way')
  }

  seen(): Seen {
    const { kubernetes, asked, phase, rancher } = this.content
    const base = seenStack()
    const own = base.cluster.own as RkeFacts
    const state = (name: string) => foundOf(name, { phase, asked, upgrading: this.upgrading })
    const cluster: Partial<ClusterFacts> = {
      version: asked.kubernetesVersion,
      asked,
      nodes: base.cluster.nodes.map((node) => {
        const version = kubelet(kubernetes[node.name] ?? OLD)
        return { ...node, version, apiVersion: version, ready: this.red(node.name).length === 0 }
      }),
      own: { ...own, nodes: own.nodes.map((node) => ({ ...node, state: state(node.name) })) },
    }
    const { version, revision, status, deployed, deployedRevision } = rancher
    const values = base.rancher.release?.values ?? {}
    return seenStack({
      cluster,
      rancher: {
        deployment: {
          ...base.rancher.deployment,
          ...(this.quiet ? { replicas: 0, ready: 0, updated: 0 } : { replicas: 3, ready: 3, updated: 3 }),
        } as Seen['rancher']['deployment'],
        release: release({
          chartVersion: version,
          revision,
          status,
          values,
          ours: true,
          deployed: { revision: deployedRevision, chartVersion: deployed },
        }),
      },
    })
  }

  private red(node: string): string[] {
    const { badNode } = this.faults
    const isBad = badNode?.red === true && badNode.node === node && this.content.kubernetes[node] === badNode.version
    return isBad ? ['kubelet: not Ready by a fresh Lease'] : []
  }

  /** The sentences; an upgrade half-done breaks its own. */
  rows(): Row[] {
    const { kubernetes, rancher } = this.content
    const bad = this.faults.badRancher?.version === rancher.version
    const broken = new Set([
      ...(new Set(Object.values(kubernetes)).size > 1 || this.names().some((name) => this.red(name).length > 0)
        ? ['kubernetes-ready']
        : []),
      ...(bad || this.quiet || rancher.status !== 'deployed' ? ['replica-on-each-node'] : []),
      ...(this.faults.broken?.(this.content) ?? []),
    ])
    const ids = ['kubernetes-ready', 'replica-on-each-node', 'rancher-answers', 'name-resolves', 'tls-at-ingress']
    return ids.map((id) => ({
      id,
      sentence: `${id} holds.`,
      ok: !broken.has(id),
      evidence: broken.has(id) ? 'no' : 'yes',
    }))
  }

  protected distribution(rke: Distribution): Distribution {
    const write = (text: string, change: () => void) => {
      const isHalf = this.act(text)
      change()
      this.half(isHalf)
    }
    return {
      ...rke,
      inspect: async () => this.seen().cluster,
      takeSnapshot: async () => {
        this.half(this.act('take a snapshot'))
        return this.taken()
      },
      saveSurvivor: async () => await Promise.reject(new Error('there is a quorum')),
      pruneSnapshots: async () => [],
      readSigner: async () => undefined,
      keepSigner: async () => {},
      loadImages: async () => {},
      spreadSnapshot: async () => {
        this.half(this.act('put the snapshot on every node'))
      },
      progress: async () =>
        this.names()
          .filter((node) => node !== this.#dead)
          .map((node) => {
            const version = kubelet(this.content.kubernetes[node] ?? OLD)
            return { node, reached: true, kubelet: version, apiServer: version, etcd: '3.5.21', red: this.red(node) }
          }),
      formerOf: async (version): Promise<Former | undefined> =>
        this.content.phase === 'done' && this.content.asked.kubernetesVersion === version
          ? { state: STATE, asked: this.content.asked }
          : undefined,
      fetchPoint: async (upgrading, hosts, signal) => {
        if (this.point === undefined) return await rke.fetchPoint(upgrading, hosts, signal)
        return {
          ...upgrading.point,
          file: '',
          etcdFile: join(this.folder, 'etcd'),
          state: STATE,
          asked: upgrading.before,
        }
      },
      keepAsked: async (asked) => write('keep what was asked', () => (this.content.asked = asked)),
      keepUpgrading: async (upgrading) =>
        write(upgrading === undefined ? 'write that it is over' : 'write that it began', () => {
          if (upgrading !== undefined && this.upgrading === undefined) this.point = structuredClone(this.content)
          this.upgrading = upgrading
          if (upgrading !== undefined) this.content.written = []
        }),
      applyUpgrade: async (change, _hosts, wanted) => await this.change(change, wanted),
      goBackTo: async () => {
        this.content.phase = 'pending'
        for (const name of this.names())
          write(`bring ${name} back to ${OLD}`, () => (this.content.kubernetes[name] = OLD))
        this.content.asked = { ...this.content.asked, kubernetesVersion: OLD }
        this.content.phase = 'done'
      },
      planRestore: () => [
        {
          id: 'restore-cluster',
          title: 'Restore',
          deadlineMs: 1000,
          needs: [],
          change: { room: 'kubernetes', kind: 'restore-cluster' },
        },
      ],
      refuseRestore: () => [],
      applyRestore: async () => {
        if (!this.quiet) this.content.written.push(...(this.faults.lateWrites ?? []))
        this.half(this.act('restore etcd'))
        this.rewound = this.content.written
        if (this.point === undefined) throw new Error('nothing to restore')
        this.content = structuredClone(this.point)
        this.upgrading = undefined
        this.quiet = false
      },
    }
  }

  protected async change(change: Change, _wanted: WantedCluster): Promise<void> {
    const version = String(change['version'])
    if (change.kind === 'upgrade-images') {
      this.half(this.act(`images on ${change['node']}`))
      return
    }
    if (change.kind !== 'upgrade-cluster') throw new Error(`not played: ${change.kind}`)
    this.half(this.act('write the state ahead'))
    this.content.phase = 'pending'
    for (const name of this.names()) {
      const isHalf = this.act(`bring ${name} to ${version}`)
      if (this.faults.deadNode?.node === name && this.faults.deadNode.version === version) {
        this.#dead = name
        throw new StackError('ssh', `${name}: no connection`)
      }
      const bad = this.faults.badNode
      const isBad = bad?.node === name && bad.version === version && bad.times > 0
      if (!isBad || bad.red) this.content.kubernetes[name] = version
      this.half(isHalf)
      if (!isBad) continue
      bad.times -= 1
      throw new StackError('kubernetes', `${name} did not come up`, { retry: true })
    }
    this.content.asked = { ...this.content.asked, kubernetesVersion: version }
    this.content.phase = 'done'
  }

  private taken(): TakenSnapshot {
    const at = mkdtempSync(join(this.folder, 'taken-'))
    const [file, etcdFile] = [join(at, 'rancher-ha_1.zip'), join(at, 'etcd')]
    writeFileSync(file, 'archive')
    writeFileSync(etcdFile, ETCD_SNAPSHOT)
    return {
      name: 'rancher-ha_1',
      takenAt: new Date(this.now),
      node: 'node-1',
      file,
      etcdFile,
      sha256: createHash('sha256').update('archive').digest('hex'),
      state: STATE,
      caFingerprint: 'ab'.repeat(32),
      clusterUid: 'uid-1',
      kubernetesVersion: OLD,
      asked: this.content.asked,
      members: this.names(),
      copies: [],
    }
  }

  /** @param _members names of the nodes it is held on */
  protected lease(_members: string[]): NodeLease {
    return {
      holder: '1/1',
      generation: 1,
      session: 's',
      lost: new AbortController().signal,
      admit: async () => {},
      forget: () => {},
      [Symbol.asyncDispose]: async () => {},
    }
  }

  protected hosts(): Hosts {
    return fakeHosts(this.seen().infrastructure.nodes.map((node) => fakeHost(node).answers('look-for-snapshot', '')))
  }

  private rancher(real: Stack['rancher']): Stack['rancher'] {
    const apply = async (change: Change) => {
      const it = this.content.rancher
      if (change.kind === 'prove-rancher' || change.kind === 'prove-cert-manager') return
      if (change.kind === 'roll-back') {
        const isHalf = this.act('roll Rancher back')
        if (this.faults.rollBackFails) throw new StackError('rancher', 'helm rollback failed: no')
        Object.assign(it, {
          version: it.deployed,
          revision: it.revision + 1,
          status: 'deployed',
          deployedRevision: it.revision + 1,
          template: 'old',
        })
        this.quiet = false
        return this.half(isHalf)
      }
      if (change.kind !== 'upgrade-rancher') throw new Error(`not played: ${change.kind}`)
      const version = String(change['version'])
      const isHalf = this.act(`upgrade Rancher to ${version}`)
      Object.assign(it, { version, revision: it.revision + 1, status: 'pending-upgrade' })
      this.quiet = false
      if (this.faults.badRancher?.noPods !== true) it.template = version
      this.#everReady = this.faults.badRancher?.noPods === true
      this.half(isHalf)
      this.content.written.push(...(this.faults.clientWrites ?? []))
      const bad = this.faults.badRancher
      if (bad?.version !== version) {
        Object.assign(it, { status: 'deployed', deployed: version, deployedRevision: it.revision })
        this.#everReady = true
        return
      }
      if (bad.noPods !== true) this.#everReady = bad.everReady
      this.content.written.push(...bad.writes)
      it.status = 'failed'
      throw new StackError('rancher', 'rancher-new on node-1: it ended 3 times; CrashLoopBackOff')
    }
    const fake = {
      ...real,
      apply,
      rollOut: async () => ({
        wanted: 3,
        ready: 2,
        template: this.content.rancher.template,
        newest: [
          {
            name: 'new',
            node: 'node-1',
            createdAt: undefined,
            ready: false,
            everReady: this.#everReady,
            restarts: 3,
            startedAt: undefined,
            startupMs: 0,
            waiting: undefined,
          },
        ],
      }),
      guarded: async (
        _api: unknown,
        _reopen: unknown,
        work: (signal: AbortSignal) => Promise<void>,
        signal: AbortSignal,
      ) => {
        this.guarded = true
        await work(signal).catch((thrown) => {
          // Who is killed takes nothing away any more.
          if (!(thrown instanceof Killed)) this.guarded = false
          throw thrown
        })
        this.guarded = false
      },
      unguard: async () => {
        this.guarded = false
      },
      quiet: async () => {
        const isHalf = this.act('end Rancher')
        this.quiet = true
        this.half(isHalf)
        return async () => await this.wake()
      },
      wake: async () => await this.wake(),
      whatWentWrong: async () => ['pod new on node-1: was never ready'],
      client: async () => ({}) as never,
      tryUpgrade: async () => [],
    }
    return fake
  }

  private async wake(): Promise<void> {
    this.act('wake Rancher')
    this.quiet = false
  }

  /** One run of the doing half of mode upgrade. @returns how it ended */
  async run(given: Partial<UpgradeSettings> = {}, left = Number.POSITIVE_INFINITY): Promise<Error | 'done'> {
    this.left = left
    const world = upgradeWorld(this.seen(), given)
    const settings = upgradeSettings({
      snapshots: { ...upgradeSettings().snapshots, places: [this.kept()] },
      verify: 'hash',
      waitForLeaseMs: 0,
      lastStart: new Date('9999-01-01'),
      deadline: new Date('9999-01-02'),
      ...given,
    })
    const rancher = this.rancher(world.stack.rancher)
    const hosts = () => this.hosts()
    const stack = {
      ...world.stack,
      infrastructure: this.infrastructure(),
      get hosts() {
        return hosts()
      },
      distribution: this.distribution(world.stack.distribution),
      rancher,
      rancherAt: () => rancher,
      inspect: async () => this.seen(),
      api: async () => ({ config: { getCurrentCluster: () => ({}) } }),
      lease: async (members: string[]) => this.lease(members),
    } as unknown as Stack
    const report = {
      step: async (_title: string, work: () => Promise<unknown>) => await work(),
      line: (text: string) => void this.told.push(text),
      table: ({ title, rows }: { title: string; rows: string[][] }) =>
        void this.told.push(...rows.map((row) => `${title} | ${row.join(' | ')}`)),
      output: (name: string, value: string) => void this.told.push(`${name}=${value}`),
      next: ({ text, command }: { text: string; command?: string }) =>
        void this.told.push(`next: ${text} ${command ?? ''}`),
      waitingFor: () => {},
      warning: () => {},
      plan: () => {},
    } as unknown as UpgradeRun['report']
    const { signal } = new AbortController()
    const clock = { now: () => this.now, after: () => () => {} }
    const run = {
      settings,
      report,
      signal,
      folder: this.folder,
      keep: this.folder,
      clock,
      begin: async () => {},
    } as unknown as UpgradeRun
    const prove = async () => {
      const broken = this.rows().filter(({ ok }) => !ok)
      if (broken.length > 0) throw new StackError('kubernetes', broken.map(({ sentence }) => sentence).join('\n'))
    }
    const ask = async () => this.rows()
    const watchEndpoint = (): EndpointWatch => ({
      seen: () => ({ asked: 10, failed: 1, longestGapMs: 1200, awayMs: 1200, said: ['502'] }),
      [Symbol.asyncDispose]: async () => {},
    })
    const compare = async () => this.content.written
    const doors = {
      watchEndpoint,
      brokenBefore: async () => [],
      proveInARow: async (_run: unknown, _stack: unknown, broken: string[]) => {
        if (this.rows().some(({ ok, id }) => !ok && !broken.includes(id))) await prove()
      },
      goBack: (one: UpgradeRun, going: Parameters<typeof goBack>[1]) =>
        goBack(one, going, { askStack: ask, proveInARow: prove, writtenSince: compare }),
    }
    const snapshots = snapshotsOf(this.folder, settings.snapshots, STACK)
    try {
      const seen = this.seen()
      const wanted = await wantUpgrade(run, stack, seen)
      await upgradeStack(run, { stack, snapshots, seen, wanted, plan: [] }, doors)
      return 'done'
    } catch (thrown) {
      return thrown as Error
    }
  }
}
