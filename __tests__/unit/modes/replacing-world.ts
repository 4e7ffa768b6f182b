import { StackError } from '../../../src/errors.ts'
import type { AwsChange } from '../../../src/infrastructure/aws/changes.ts'
import type { AwsFindings, Instance } from '../../../src/infrastructure/aws/findings.ts'
import { planAwsReplace } from '../../../src/infrastructure/aws/plan-replace.ts'
import { changesOf } from '../../../src/infrastructure/aws/renewal.ts'
import { oddOne, swapOf } from '../../../src/infrastructure/aws/swap.ts'
import { TAGS } from '../../../src/infrastructure/aws/tags.ts'
import type { Infrastructure } from '../../../src/infrastructure/infrastructure.ts'
import type { WantedCluster } from '../../../src/kubernetes/distribution.ts'
import type { RkeFacts } from '../../../src/kubernetes/rke/facts.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { quorum } from '../../../src/quorum.ts'
import type { NodeLease } from '../../../src/remote/lease.ts'
import type { Change } from '../../../src/steps.ts'
import { foundOf, healthyFacts, nodeOf, wantedOf } from '../kubernetes/rke/world.ts'
import { DoingWorld, OLD } from './doing-world.ts'

const [OLD_TYPE, NEW_TYPE] = ['m5.xlarge', 'm6i.xlarge']
const PORTS = [80, 443] as const

/** Machines of a cloud with Kubernetes and Rancher on them, in memory; what is planned of them is the provider's own. */
export class ReplacingWorld extends DoingWorld {
  instances: Instance[]
  /** Ids each port is forwarded to. */
  targets = new Map<number, string[]>()
  /** Machines whose member etcd knows, by node. */
  members: Record<string, string>
  /** Nodes that take no new pods. */
  cordoned = new Set<string>()
  /** Names of the nodes the lease was taken over, each time. */
  readonly leases: string[] = []
  asked: string[] | undefined = [NEW_TYPE]
  /** A node whose etcd member is not healthy once another one is drained. */
  sick: string | undefined
  #made = 0

  constructor(folder: string, count = 3) {
    super(folder)
    this.content.kubernetes = Object.fromEntries([1, 2, 3, 4, 5].slice(0, count).map((at) => [`node-${at}`, OLD]))
    this.instances = this.names().map((name) => this.machine(name, OLD_TYPE))
    this.members = Object.fromEntries(this.instances.map(({ name, id }) => [name, id]))
    for (const port of PORTS)
      this.targets.set(
        port,
        this.instances.map(({ id }) => id),
      )
  }

  private machine(name: string, type: string, replaces?: string): Instance {
    this.#made += 1
    const tags = { [TAGS.hostKey]: 'key', ...(replaces !== undefined && { [TAGS.replaces]: replaces }) }
    const zone = `z${(this.#made % 3) + 1}`
    const where = { zone, privateAddress: '', publicAddress: undefined, groups: ['sg'], launchedAt: '' }
    return { id: `i-${this.#made}`, name, state: 'running', type, image: 'ami-1', ...where, tags }
  }

  private findings(): AwsFindings {
    const asked = { image: undefined, instanceTypes: this.asked, areReplaced: true }
    const subnets = ['z1', 'z2', 'z3'].map((zone) => ({ id: zone, zone }))
    const mould = {
      image: { id: 'ami-1', rootDevice: '/dev/sda1' },
      types: [{ name: this.asked?.[0] ?? '', zones: ['z1', 'z2', 'z3'] }],
    }
    const unlike = this.instances.flatMap((instance) => {
      const changes = changesOf(instance, undefined, asked, undefined)
      return changes.length === 0 ? [] : [{ node: instance.name, changes, mould, diskGib: 0 }]
    })
    return {
      instances: this.instances.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ended: {},
      groups: { nodes: { id: 'sg' } },
      targetGroups: PORTS.map((port) => ({ port })),
      renewal: { place: { vpc: 'v', cidr: '', subnets }, unlike },
    } as unknown as AwsFindings
  }

  override seen(): Seen {
    const base = super.seen()
    const names = this.names()
    const number = (name: string) => Number(name.slice('node-'.length))
    const whole = healthyFacts(wantedOf(6, { hostname: base.infrastructure.name.hostname }))
    const own = whole.own as RkeFacts
    const { asked, phase } = this.content
    const isMember = (name: string) => name in this.members
    const swap = swapOf(this.instances)
    return {
      ...base,
      infrastructure: {
        ...base.infrastructure,
        nodes: this.instances.map(({ name }) => nodeOf(number(name))).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        surplus: swap === undefined ? [] : [oddOne(swap)],
        own: this.findings(),
      },
      cluster: {
        ...base.cluster,
        nodes: whole.nodes
          .filter(({ name }) => names.includes(name))
          .map((node) => ({ ...node, version: 'v1.31.10', apiVersion: 'v1.31.10' })),
        etcd: whole.etcd
          .filter(({ node }) => isMember(node))
          .map((member) => ({ ...member, knows: Object.keys(this.members) }))
          .map((member) =>
            this.cordoned.size > 0 && member.node === this.sick ? { ...member, healthy: false } : member,
          ),
        own: {
          ...own,
          members: own.members.filter(({ name }) => isMember(name)),
          nodes: own.nodes
            .filter(({ name }) => names.includes(name))
            .map((node) => ({
              ...node,
              recordedMembers: (this.leases.at(-1) ?? '').split(' ').filter((name) => name !== ''),
              state: foundOf(node.name, { phase, asked, upgrading: this.upgrading }),
            })),
        },
      },
    }
  }

  protected override lease(members: string[]): NodeLease {
    this.leases.push(members.join(' '))
    return super.lease(members)
  }

  protected override infrastructure(): Partial<Infrastructure> {
    return {
      provider: 'aws',
      plan: () => [],
      planReplace: planAwsReplace,
      apply: async (change) => this.changeMachines(change as AwsChange & Change),
    }
  }

  private changeMachines(change: AwsChange): void {
    if (change.kind === 'create-node') {
      if (this.instances.some(({ name }) => name === change.node)) return
      const isHalf = this.act(`make ${change.node}`)
      this.instances.push(this.machine(change.node, change.attempts[0]?.type ?? '', change.replaces))
      this.half(isHalf)
    } else if (change.kind === 'set-targets') {
      const isHalf = this.act(`forward ${change.port} to ${change.nodes.join(' ')}`)
      this.targets.set(
        change.port,
        change.nodes.map((name) => this.find(name).id),
      )
      this.half(isHalf)
    } else if (change.kind === 'give-up') {
      const isHalf = this.act(`give up ${change.node}`)
      this.find(change.node).tags[TAGS.leaving] = this.find(change.by).id
      this.half(isHalf)
    } else if (change.kind === 'remove-node') {
      const gone = this.instances.find(({ id }) => id === change.id)
      if (gone === undefined) return
      if (Object.values(this.members).includes(gone.id)) throw new Error(`${gone.name} is a member yet`)
      const isHalf = this.act(`end ${gone.name}`)
      this.instances = this.instances.filter(({ id }) => id !== change.id)
      this.half(isHalf)
    } else throw new Error(`not played: ${change.kind}`)
  }

  private find(name: string): Instance {
    const found = this.instances.find((one) => one.name === name)
    if (found === undefined) throw new StackError('bug', `There is no machine ${name}.`)
    return found
  }

  protected override async change(change: Change, wanted: WantedCluster): Promise<void> {
    const node = String(change['node'])
    if (change.kind === 'upgrade-images') return this.half(this.act(`images on ${node}`))
    if (change.kind === 'drain-node') {
      const isHalf = this.act(`drain ${node}`)
      this.cordoned.add(node)
      return this.half(isHalf)
    }
    if (change.kind === 'leave-node' && node in this.members) {
      const isHalf = this.act(`take ${node} out of etcd`)
      delete this.members[node]
      this.half(isHalf)
    }
    const names = wanted.nodes.map(({ name }) => name)
    const isHalf = this.act(`rke up with ${names.join(' ')}`)
    this.content.phase = 'pending'
    this.half(isHalf)
    const second = this.act('rke ends')
    this.members = Object.fromEntries(names.map((name) => [name, this.members[name] ?? this.find(name).id]))
    this.content.kubernetes = Object.fromEntries(names.map((name) => [name, OLD]))
    this.cordoned.clear()
    this.half(second)
    this.content.phase = 'done'
  }

  /** What may never be, at any moment: too few members, a machine gone that is one, more than one node away. */
  wrongs(size: number): string[] {
    const ids = new Set(this.instances.map(({ id }) => id))
    const members = Object.entries(this.members)
    const alive = members.filter(([, id]) => ids.has(id)).length
    return [
      ...(alive < size ? [`${alive} of ${size} members`] : []),
      ...(alive < quorum(members.length) + 1 ? ['no member may be lost'] : []),
      ...(members.length > size + 1 ? [`${members.length} members`] : []),
      ...(this.instances.length > size + 1 ? [`${this.instances.length} machines`] : []),
      ...PORTS.filter((port) => (this.targets.get(port) ?? []).filter((id) => ids.has(id)).length < size).map(
        (port) => `port ${port} is forwarded to too few`,
      ),
    ]
  }

  override act(text: string): boolean {
    const wrongs = this.instances === undefined ? [] : this.wrongs(this.size())
    if (wrongs.length > 0) throw new Error(`before ${text}: ${wrongs.join('; ')}`)
    return super.act(text)
  }

  /** How many nodes the stack is to have. */
  private size(): number {
    return this.instances.length - (this.instances.length % 2 === 0 ? 1 : 0)
  }

  /** Where it is to end, in one line. */
  state(): string {
    const machines = this.instances.map(
      ({ name, type, id }) => `${name} ${type}${this.members[name] === id ? '' : '!'}`,
    )
    const forwarded = new Set(PORTS.map((port) => (this.targets.get(port) ?? []).toSorted().join()))
    const ids = this.instances
      .map(({ id }) => id)
      .toSorted()
      .join()
    const isForwarded = forwarded.size === 1 && forwarded.has(ids)
    return [
      machines.toSorted().join(', '),
      isForwarded ? 'forwarded' : 'not forwarded',
      this.upgrading === undefined ? 'over' : 'under way',
    ].join('; ')
  }
}
