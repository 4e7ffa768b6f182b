import { isDeepStrictEqual } from 'node:util'
import { Balancers } from './balancers.ts'
import { renderFilter, renderTranslation } from './filter.ts'
import { type Interface, interfacesOf, placeBalancers } from './interfaces.ts'
import { containers, createMachine, removeMachine, startMachine, stopMachine } from './machines.ts'
import type { LabInstance, LabWorld, Moto } from './moto.ts'
import { NameServer } from './name-server.ts'
import { connect, GATEWAY, inNetwork, setGateways } from './network.ts'
import { NETWORKS } from './places.ts'
import { freePods, type Member, setPeers } from './pods.ts'
import { renderZones } from './zones.ts'

type Page = Pick<Moto, 'all' | 'health' | 'state' | 'poweroff'>

/**
 * Turns what the stand-in says into things, and tells it what has become of them. Each `round` looks once and begins
 * what is to be done; machines, which take seconds, are worked on beside the rounds.
 */
export class Reconciler {
  readonly #page: Page
  readonly #log: (line: string) => void
  readonly #balancers = new Balancers()
  readonly #nameServer = new NameServer()
  /** What is being done to an instance now. */
  readonly #busy = new Map<string, Promise<void>>()
  readonly #members = new Map<string, Member>()
  readonly #peers = new Map<string, string>()
  readonly #numbers = new Map<string, number>()
  #places = new Map<string, number>()
  #filter = ''
  #translation = ''
  #subnets = ''
  #health: Record<string, string> = {}

  constructor(page: Page, log: (line: string) => void) {
    this.#page = page
    this.#log = log
  }

  async round(): Promise<void> {
    const world = await this.#page.all()
    this.#places = placeBalancers(world.balancers, this.#places)
    const interfaces = interfacesOf(world, this.#places)
    await this.#followSubnets(world, interfaces)
    await this.#followGroups(world, interfaces)
    await this.#followBalancers(world, interfaces)
    await this.#nameServer.serve((serial) => renderZones(world.zones, world.balancers, interfaces, serial))
    await this.#followInstances(world, interfaces)
    await this.#followPods()
  }

  /** Until nothing is being done to any machine. */
  async settle(): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  /** The runner inside gets its cable once there is a subnet to be in. */
  async #followSubnets({ subnets }: LabWorld, interfaces: Interface[]): Promise<void> {
    const cidrs = subnets.map(({ cidr }) => cidr).join()
    if (cidrs === this.#subnets) return
    await setGateways(subnets)
    const runner = interfaces.find(({ owner }) => owner === 'runner')
    if (runner !== undefined) await connect(runner, { name: NETWORKS.inside })
    this.#subnets = cidrs
  }

  async #followGroups({ groups }: LabWorld, interfaces: Interface[]): Promise<void> {
    const filter = renderFilter(interfaces, groups, GATEWAY)
    if (filter !== this.#filter) await inNetwork(NETWORKS.vpc, ['nft', '-f', '-'], filter)
    this.#filter = filter
    const translation = renderTranslation(interfaces)
    if (translation !== this.#translation) await inNetwork(NETWORKS.internet, ['nft', '-f', '-'], translation)
    this.#translation = translation
  }

  async #followBalancers(world: LabWorld, interfaces: Interface[]): Promise<void> {
    await this.#balancers.dropOthers(world.balancers)
    for (const balancer of world.balancers) {
      const own = interfaces.find(({ owner }) => owner === balancer.arn)
      if (own === undefined) continue
      await this.#balancers.follow(balancer, own, world)
      if (balancer.state === 'provisioning') await this.#page.state(balancer.arn, 'active')
    }
    const health = await this.#balancers.health(world.balancers)
    if (!isDeepStrictEqual(health, this.#health)) await this.#page.health(health)
    this.#health = health
  }

  async #followInstances({ instances }: LabWorld, interfaces: Interface[]): Promise<void> {
    const there = await containers()
    for (const { instance, pods } of there) this.#numbers.set(instance, pods)
    for (const instance of instances) {
      const own = interfaces.find(({ owner }) => owner === instance.id)
      const container = there.find((one) => one.instance === instance.id)
      const isRunning = container?.running === true
      if (instance.state === 'pending' && own !== undefined) {
        this.#work(instance.id, () => this.#start(instance, own, container !== undefined))
      } else if (instance.state === 'running' && container !== undefined && !isRunning) {
        this.#work(instance.id, () => this.#page.poweroff(instance.id))
      } else if (instance.state === 'stopping') {
        this.#work(instance.id, () => this.#stop(instance))
      } else if (instance.state === 'shutting-down') {
        this.#work(instance.id, () => this.#remove(instance))
      }
    }
    const unknown = there.filter((one) => !instances.some(({ id }) => id === one.instance))
    for (const { instance } of unknown) this.#work(instance, () => removeMachine(instance))
  }

  /** One thing at a time for each instance; one that failed is begun anew by the next round. */
  #work(id: string, act: () => Promise<void>): void {
    if (this.#busy.has(id)) return
    const tell = (thrown: unknown) => this.#log(`${id}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    const done = act()
      .catch(tell)
      .finally(() => this.#busy.delete(id))
    this.#busy.set(id, done)
  }

  async #start(instance: LabInstance, own: Interface, exists: boolean): Promise<void> {
    const { id, tags, privateAddress } = instance
    // A round may have looked before the one before it had told.
    if (this.#members.has(id)) return
    const pods = this.#numbers.get(id) ?? freePods([...this.#numbers.values()])
    this.#numbers.set(id, pods)
    if (!exists) await createMachine(instance, pods)
    const pid = await startMachine(id)
    await connect(own, { pid })
    await this.#page.state(id, 'running')
    const stack = `${tags['rancher-ha/owner']} ${tags['rancher-ha/stack']}`
    this.#members.set(id, { stack, address: privateAddress ?? '', pods, pid })
    this.#log(`${id} runs at ${privateAddress} as ${tags['rancher-ha/node'] ?? 'nobody’s node'}`)
  }

  async #stop({ id }: LabInstance): Promise<void> {
    this.#members.delete(id)
    await stopMachine(id)
    await this.#page.state(id, 'stopped')
  }

  async #remove({ id }: LabInstance): Promise<void> {
    this.#members.delete(id)
    this.#numbers.delete(id)
    await removeMachine(id)
    await this.#page.state(id, 'terminated')
  }

  /** A machine that has not made its device yet is told by a later round. */
  async #followPods(): Promise<void> {
    const all = [...this.#members.values()]
    for (const [id, member] of this.#members) {
      const told = JSON.stringify([member, all])
      if (this.#peers.get(id) === told) continue
      await setPeers(member, all).then(
        () => this.#peers.set(id, told),
        () => this.#peers.delete(id),
      )
    }
  }
}
