import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Infrastructure, WantedInfrastructure } from '../../../src/infrastructure/infrastructure.ts'
import type { ClusterFacts, Distribution, Restoring, TakenSnapshot } from '../../../src/kubernetes/distribution.ts'
import type { NodeFacts } from '../../../src/kubernetes/rke/facts.ts'
import type { RestoreChange } from '../../../src/kubernetes/rke/restore-plan.ts'
import { createRke } from '../../../src/kubernetes/rke/rke.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { noRancher } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import { quorum } from '../../../src/quorum.ts'
import type { NodeLease } from '../../../src/remote/lease.ts'
import type { RestoreRun } from '../../../src/run.ts'
import type { RestoreSettings } from '../../../src/settings.ts'
import { createSnapshots } from '../../../src/snapshots/snapshots.ts'
import { fakeHost, fakeHosts } from '../../fakes/host.ts'
import {
  bareNode,
  containerOf,
  foundOf,
  healthyFacts,
  nodeOf,
  STATE as RKE_STATE,
  wantedOf,
} from '../kubernetes/rke/world.ts'
import { ETCD_SNAPSHOT, makeKeeping, makeSettings, makeSource, never, STACK, UID } from '../snapshots/make.ts'

const NAMES = ['node-1', 'node-2', 'node-3']
const HOSTNAME = 'rancher.example.org'
const ASKED = {
  hostname: HOSTNAME,
  kubernetesVersion: 'v',
  clusterDigest: 'd',
  rancherVersion: '2.11.3',
  helmValues: {},
}

/** One machine as far as a restore is concerned: whose data it holds, which archive, and what it says of a restore. */
type Machine = {
  data: string | undefined
  answers: boolean
  archive: string | undefined
  said: { restoring: Restoring | undefined } | undefined
}

/** Says "killed" at the chosen act, half-way through it. */
export class Killed extends Error {}

/**
 * Three machines, a provider that makes them, rke's own decisions, and a folder of stored snapshots. What is done to
 * them is done in memory; every act can be the last one of a run.
 */
export class RestoreWorld {
  readonly machines = new Map<string, Machine>()
  readonly log: string[] = []
  readonly folder: string
  memory: { clusterUid: string | undefined; hostname: string | undefined } = { clusterUid: UID, hostname: HOSTNAME }
  signer: string | undefined
  /** Acts left until the run is killed. */
  acts = Number.POSITIVE_INFINITY
  readonly #place: string
  #count = 0

  constructor(folder: string) {
    this.folder = mkdtempSync(join(folder, 'world-'))
    this.#place = join(this.folder, 'place')
    for (const name of NAMES) this.machines.set(name, this.#whole('today'))
  }

  #whole(data: string): Machine {
    return { data, answers: true, archive: undefined, said: { restoring: undefined } }
  }

  /** Stores a snapshot of an earlier day, as backup would have. */
  async store(given: Parameters<typeof makeSource>[1] = {}): Promise<string> {
    const source = makeSource(this.folder, {
      archive: Buffer.from('yesterday'),
      state: RKE_STATE,
      members: NAMES,
      asked: ASKED,
      hostname: HOSTNAME,
      ...given,
    })
    const kept = await this.snapshots().keep(source, makeKeeping(), never)
    return kept.manifest.name
  }

  snapshots() {
    const settings = makeSettings({ places: [{ kind: 'file', folder: this.#place }], unsigned: true })
    const etcd = async () => await Promise.reject(new Error('no trial is asked for'))
    return createSnapshots({ stack: STACK, settings, etcd, folder: this.folder, log: () => {} })
  }

  async listed(): Promise<number> {
    return (await this.snapshots().list(never)).length
  }

  /** One act that changes something: it may be the last. @returns whether it ends half-way */
  #act(text: string): boolean {
    this.acts -= 1
    if (this.acts < 0) throw new Killed('killed before anything more was done')
    this.log.push(text)
    return this.acts === 0
  }

  #facts(): ClusterFacts {
    const wanted = wantedOf()
    const nodes = [...this.machines].map(([name, machine]) => this.#nodeFacts(name, machine))
    const serving = [...this.machines.values()].filter(({ data, answers }) => data !== undefined && answers).length
    const isServing = this.machines.size > 0 && serving >= quorum(3)
    const touched = nodes.some(({ state, etcdData }) => state !== undefined || etcdData)
    const facts = healthyFacts(wanted)
    return {
      ...facts,
      state: isServing ? 'running' : touched ? 'quorum-lost' : 'none',
      uid: touched ? UID : undefined,
      asked: touched ? ASKED : undefined,
      nodes: [],
      etcd: [...this.machines].flatMap(([node, { data, answers }]) =>
        data === undefined
          ? []
          : [
              {
                node,
                healthy: isServing && answers,
                leader: false,
                revision: answers ? 90 : undefined,
                knows: [],
                problem: undefined,
              },
            ],
      ),
      own: {
        nodes,
        unreached: [],
        members: [],
        runningCa: undefined,
        addresses: {},
        recovered: undefined,
        unrecoverable: undefined,
      },
    }
  }

  #nodeFacts(name: string, { data, said }: Machine): NodeFacts {
    const state =
      said && foundOf(name, { clusterUid: UID, phase: said.restoring ? 'pending' : 'done', restoring: said.restoring })
    return bareNode(Number(name.slice(5)), {
      etcdData: data !== undefined,
      containers: data === undefined ? [] : [containerOf('etcd')],
      state,
      recordedMembers: said === undefined ? [] : NAMES,
    })
  }

  #taken(data: string): TakenSnapshot {
    const at = mkdtempSync(join(this.folder, 'taken-'))
    const [file, etcdFile] = [join(at, 'rancher-ha_1.zip'), join(at, 'etcd')]
    writeFileSync(file, data)
    writeFileSync(etcdFile, ETCD_SNAPSHOT)
    this.#count += 1
    const takenAt = new Date(Date.parse('2026-11-24T12:00:00Z') + this.#count * 1000)
    return {
      name: 'rancher-ha_1',
      takenAt,
      node: 'node-1',
      file,
      etcdFile,
      sha256: digest(data),
      state: RKE_STATE,
      caFingerprint: 'ab'.repeat(32),
      clusterUid: UID,
      kubernetesVersion: 'v',
      asked: ASKED,
      members: NAMES,
      copies: [],
    }
  }

  #distribution(): Distribution {
    const rke = createRke({
      stack: STACK,
      run: { id: '1', attempt: 1 },
      rkeBinary: never_,
      keyFiles: never_,
      folder: this.folder,
      log: () => {},
    })
    return {
      ...rke,
      inspect: async () => this.#facts(),
      refuseSnapshot: async () => [],
      takeSnapshot: async () => {
        this.#act('take')
        return this.#taken('today')
      },
      saveSurvivor: async () => {
        this.#act('save survivors')
        const [left] = [...this.machines.values()].flatMap(({ data }) => data ?? [])
        if (left === undefined) throw new Error('no survivor')
        return this.#taken(left)
      },
      pruneSnapshots: async () => {
        this.#act('prune')
        return []
      },
      readSigner: async () => (this.machines.size === 0 ? undefined : this.signer),
      keepSigner: async (pem) => {
        this.#act('keep signer')
        this.signer = pem
      },
      fetchRestoring: async (restoring) => {
        const holder = [...this.machines.values()].find(
          ({ archive }) => archive !== undefined && digest(archive) === restoring.sha256,
        )
        if (holder?.archive === undefined) throw new Error('the file lies on no node')
        return { ...restoring, file: this.#taken(holder.archive).file, state: RKE_STATE, asked: ASKED }
      },
      applyRestore: async (change, _hosts, { source }) => {
        if (source === undefined) throw new Error('nothing to restore')
        this.#restore(change as RestoreChange, source)
      },
    }
  }

  #restore(change: RestoreChange, source: Restoring & { file: string }): void {
    const half = this.#act(change.kind)
    const all = [...this.machines.values()]
    const some = half ? all.slice(0, 1) : all
    const { snapshot, sha256, clusterUid, takenAt, from } = source
    const restoring = { snapshot, sha256, clusterUid, takenAt, from }
    if (change.kind === 'put-snapshot') {
      const machine = this.machines.get(change.node)
      if (machine !== undefined) machine.archive = half ? 'half' : readFileSync(source.file, 'utf8')
    } else if (change.kind === 'write-restore-ahead') for (const one of some) one.said = { restoring }
    else if (change.kind === 'restore-cluster') {
      if (all.some(({ said }) => said?.restoring === undefined)) throw new Error('wiped before it was said')
      for (const one of all) Object.assign(one, { data: undefined, answers: false })
      if (!half) for (const one of all) Object.assign(one, { data: one.archive, answers: true })
    } else if (change.kind === 'prove-restored') for (const one of some) one.said = { restoring: undefined }
    if (half) throw new Killed(`killed half-way through ${change.kind}`)
  }

  /** What the provider was told that it will be asked for. */
  readonly aims: WantedInfrastructure[] = []

  #infrastructure(): Infrastructure {
    const claim = async () => this.#lease()
    return {
      provider: 'local',
      inspect: async () => ({
        nodes: [...this.machines.keys()].map((name) => nodeOf(Number(name.slice(5)))),
        loadBalancer: { address: '10.0.0.9', targets: [], serving: true },
        name: { hostname: HOSTNAME, addresses: [] },
        memory: this.memory,
        refusals: [],
        owned: [],
      }),
      aim: (wanted) => void this.aims.push(wanted),
      plan: ({ nodes }, wanted) =>
        // As one that has to look where new machines would go: what it was not told of it cannot make.
        NAMES.filter((name) => !nodes.some((node) => node.name === name) && isSame(this.aims.at(-1), wanted)).map(
          (node) => ({
            id: `create-${node}`,
            title: `Create ${node}`,
            deadlineMs: 1000,
            needs: [],
            change: { room: 'infrastructure', kind: 'create-node', node },
          }),
        ),
      planDestroy: () => [],
      apply: async ({ node }) => {
        this.#act(`create ${node}`)
        this.machines.set(String(node), { data: undefined, answers: false, archive: undefined, said: undefined })
      },
      claim,
      access: never_,
      remember: async (memory) => {
        this.#act('remember')
        this.memory = memory
      },
    }
  }

  #lease(): NodeLease {
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

  /** What `openStack` would give. */
  stack(): Stack {
    const [infrastructure, distribution] = [this.#infrastructure(), this.#distribution()]
    const rancher = { apply: async () => void this.#act('prove rancher') } as unknown as Stack['rancher']
    const hosts = () => fakeHosts([...this.machines.keys()].map((name) => fakeHost(nodeOf(Number(name.slice(5))))))
    return {
      infrastructure,
      distribution,
      rancher,
      rancherAt: () => rancher,
      tools: { images: async () => [], preflight: async () => [] } as unknown as Stack['tools'],
      get hosts() {
        return hosts()
      },
      api: async () => ({}) as never,
      inspect: async (): Promise<Seen> => {
        const release = {
          deployed: { revision: 1, chartVersion: '2.11.3' },
          values: { bootstrapPassword: 'first-secret' },
        }
        const cluster = this.#facts()
        const rancher = { ...noRancher(new Date(0)), ...(cluster.state === 'running' && { release }) }
        return { infrastructure: await infrastructure.inspect(), cluster, rancher } as Seen
      },
      lease: async () => this.#lease(),
      [Symbol.asyncDispose]: async () => {},
    }
  }

  run(given: Partial<RestoreSettings> = {}): RestoreRun {
    const settings = {
      mode: 'restore',
      stack: STACK,
      run: { id: '1', attempt: 1 },
      provider: { kind: 'local', image: undefined },
      snapshots: makeSettings({ places: [{ kind: 'file', folder: this.#place }] }),
      lastSnapshot: true,
      restoreFrom: undefined,
      nodeCount: undefined,
      clusterUid: undefined,
      waitForLeaseMs: 0,
      lastStart: new Date('9999-01-01'),
      dryRun: false,
      expectedPlan: undefined,
      ...given,
    } as RestoreSettings
    const report = {
      step: async (_title: string, work: () => Promise<unknown>) => await work(),
      line: (text: string) => this.log.push(`> ${text}`),
      plan: (steps: { title: string }[]) => this.log.push(...steps.map(({ title }) => `plan: ${title}`)),
      table: () => {},
      output: () => {},
      warning: () => {},
      next: () => {},
      waitingFor: () => {},
    } as unknown as RestoreRun['report']
    // A quorum that could come is waited for no longer than the clock says: each look is an hour.
    let now = Date.parse('2026-11-24T13:00:00Z')
    const clock = { now: () => (now += 3_600_000), after: () => () => {} }
    const begin = async () => void this.log.push('> begin')
    return { settings, report, signal: never, folder: this.folder, keep: this.folder, clock, begin } as RestoreRun
  }

  /** As the distribution tells it, by the newest state. */
  isRestoring(): boolean {
    return this.#distribution().restoring(this.#facts()) !== undefined
  }

  data(): (string | undefined)[] {
    return [...this.machines.values()].map(({ data }) => data)
  }
}

const never_ = async () => await Promise.reject(new Error('not asked for'))

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function isSame(told: WantedInfrastructure | undefined, wanted: WantedInfrastructure): boolean {
  return told?.hostname === wanted.hostname && told.nodeCount === wanted.nodeCount
}
