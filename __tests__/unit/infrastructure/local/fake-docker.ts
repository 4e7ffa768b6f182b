import { StackError } from '../../../../src/errors.ts'
import { MAKE_KEY, SHOW_STATE } from '../../../../src/infrastructure/local/balancer.ts'
import type { Answer, Container, Docker, MachineSpec } from '../../../../src/infrastructure/local/docker.ts'
import type { Labels } from '../../../../src/infrastructure/local/names.ts'
import { LABELS } from '../../../../src/infrastructure/local/names.ts'
import { PATHS } from '../../../../src/infrastructure/local/paths.ts'

type Files = Map<string, string>
type Machine = {
  spec: MachineSpec
  state: Container['state']
  layer: Files
  haproxy: string | undefined
  enabled: boolean
}

/** A Docker daemon in memory: strict about names, networks and volumes, and about commands it does not know. */
export class FakeDaemon {
  readonly images = new Set<string>()
  readonly networks = new Map<string, { subnets: string[]; labels: Labels }>()
  readonly volumes = new Map<string, { labels: Labels; files: Files }>()
  readonly machines = new Map<string, Machine>()
  /** Every change in order ("start x"). */
  readonly changes: string[] = []
  /** Called before each change; what it throws is what the caller sees, and the change is not made. */
  beforeChange: (change: string) => void = () => {}
  #keys = 0

  change(what: string): void {
    this.beforeChange(what)
    this.changes.push(what)
  }

  newKey(): string {
    this.#keys += 1
    return `ssh-ed25519 AAAA${Buffer.from(`key ${this.#keys}`).toString('base64')}`
  }

  /** The layer of the container, or the volume below /var. */
  files(machine: Machine, path: string): Files {
    if (!path.startsWith('/var/')) return machine.layer
    const volume = this.volumes.get(machine.spec.volume)
    if (volume === undefined) throw new Error(`${machine.spec.name} has no volume`)
    return volume.files
  }

  machine(name: string): Machine {
    const machine = this.machines.get(name)
    if (machine === undefined) throw refused(`No such container: ${name}`)
    return machine
  }

  running(name: string): Machine {
    const machine = this.machine(name)
    if (machine.state !== 'running') throw refused(`${name} is not running`)
    return machine
  }

  /** Everything there, for comparisons. */
  listing(): string[] {
    const files = (all: Files) => [...all].map(([path, content]) => `${path}=${content}`).sort()
    return [
      ...[...this.networks.keys()].map((name) => `network ${name}`),
      ...[...this.volumes].map(([name, volume]) => `volume ${name} ${files(volume.files)}`),
      ...[...this.machines].map(([name, { state, layer }]) => `container ${name} ${state} ${files(layer)}`),
    ].sort()
  }

  stop(name: string): void {
    const machine = this.running(name)
    machine.state = 'stopped'
    machine.haproxy = undefined
  }
}

export function fakeDocker(daemon: FakeDaemon): Docker {
  return {
    async labelled(label, value) {
      const all = [
        ...[...daemon.machines.values()].map(({ spec }) => spec.labels),
        ...[...daemon.networks.values()].map(({ labels }) => labels),
        ...[...daemon.volumes.values()].map(({ labels }) => labels),
      ]
      return all.filter((labels) => labels[label] === value)
    },
    async facts(stack, prefix) {
      const concerns = (name: string, labels: Labels) => labels[LABELS.stack] === stack || name.startsWith(`${prefix}-`)
      return {
        containers: [...daemon.machines]
          .filter(([name, { spec }]) => concerns(name, spec.labels))
          .map(([name, { spec, state }]) => ({ name, labels: spec.labels, state, address: spec.address })),
        volumes: [...daemon.volumes]
          .filter(([name, { labels }]) => concerns(name, labels))
          .map(([name, { labels }]) => ({ name, labels })),
        networks: [...daemon.networks].map(([name, network]) => ({ name, ...network })),
      }
    },
    hasImage: async (image) => daemon.images.has(image),
    async build(image) {
      daemon.change(`build ${image}`)
      daemon.images.add(image)
    },
    async createNetwork({ name, subnet, labels }) {
      daemon.change(`create network ${name}`)
      if (daemon.networks.has(name)) throw refused(`network with name ${name} already exists`)
      const overlaps = [...daemon.networks.values()].some(({ subnets }) => subnets.includes(subnet))
      if (overlaps) throw refused('Pool overlaps with other one on this address space')
      daemon.networks.set(name, { subnets: [subnet], labels })
    },
    async removeNetwork(name) {
      daemon.change(`remove network ${name}`)
      if ([...daemon.machines.values()].some(({ spec }) => spec.network === name)) throw refused('has active endpoints')
      daemon.networks.delete(name)
    },
    async createVolume({ name, labels }) {
      daemon.change(`create volume ${name}`)
      if (daemon.volumes.has(name)) throw refused(`volume ${name} exists`)
      daemon.volumes.set(name, { labels, files: new Map() })
    },
    async removeVolume(name) {
      daemon.change(`remove volume ${name}`)
      if ([...daemon.machines.values()].some(({ spec }) => spec.volume === name)) throw refused('volume is in use')
      daemon.volumes.delete(name)
    },
    async createMachine(spec) {
      daemon.change(`create ${spec.name}`)
      if (!daemon.images.has(spec.image)) throw refused(`No such image: ${spec.image}`)
      if (!daemon.networks.has(spec.network)) throw refused(`network ${spec.network} not found`)
      if (!daemon.volumes.has(spec.volume)) throw refused(`the volume of ${spec.name} was not made first`)
      if (daemon.machines.has(spec.name)) throw refused(`The container name ${spec.name} is already in use`)
      const taken = [...daemon.machines.values()].some(({ spec: { address } }) => address === spec.address)
      if (taken) throw refused('Address already in use')
      daemon.machines.set(spec.name, { spec, state: 'created', layer: new Map(), haproxy: undefined, enabled: false })
    },
    async start(name) {
      daemon.change(`start ${name}`)
      const machine = daemon.machine(name)
      machine.state = 'running'
      if (!machine.layer.has(PATHS.hostKey)) machine.layer.set(PATHS.hostKey, `${daemon.newKey()} root@${name}\n`)
      if (machine.enabled) machine.haproxy = machine.layer.get(PATHS.haproxy)
    },
    async remove(name) {
      daemon.change(`remove ${name}`)
      daemon.machines.delete(name)
    },
    async read({ name, state }, paths) {
      const machine = state === 'running' ? daemon.running(name) : daemon.machine(name)
      const found = paths.map((path) => [path, daemon.files(machine, path).get(path)] as const)
      return new Map(found.flatMap(([path, content]) => (content ? [[path, content] as const] : [])))
    },
    async write(name, { path, content }) {
      daemon.change(`write ${path} on ${name}`)
      daemon.files(daemon.running(name), path).set(path, content)
    },
    exec: async (name, command) => answer(daemon, name, command),
  }
}

function answer(daemon: FakeDaemon, name: string, command: string[]): Answer {
  const machine = daemon.running(name)
  const says = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
  switch (command.join(' ')) {
    case 'systemctl is-system-running --wait':
      return says('running\n')
    case `sh -c ${MAKE_KEY}`: {
      const disk = daemon.files(machine, PATHS.key)
      if (disk.has(PATHS.publicKey)) return says('')
      daemon.change(`make key on ${name}`)
      const key = daemon.newKey()
      disk.set(PATHS.key, `private half of ${key}\n`)
      disk.set(PATHS.publicKey, `${key} rancher-ha\n`)
      return says('')
    }
    case 'systemctl enable --quiet haproxy':
      daemon.change(`enable haproxy on ${name}`)
      machine.enabled = true
      return says('')
    case 'systemctl reload-or-restart haproxy':
      daemon.change(`reload haproxy on ${name}`)
      machine.haproxy = machine.layer.get(PATHS.haproxy)
      return says('')
    case `bash -c ${SHOW_STATE}`:
      return machine.haproxy === undefined
        ? { exitCode: 1, stdout: '', stderr: 'refused' }
        : says(state(machine.haproxy))
    default:
      throw new Error(`Nobody announced this command on ${name}: ${command.join(' ')}`)
  }
}

/** What HAProxy 2.6 answers to `show servers state`, for the lines of its configuration. */
function state(config: string): string {
  const columns = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port'
  let backend = ''
  const rows = config.split('\n').flatMap((line) => {
    backend = /^listen (\S+)/.exec(line)?.[1] ?? backend
    const server = /^ {2}server (\S+) ([\d.]+):(\d+)/.exec(line)
    return server === null ? [] : [`3 ${backend} 1 ${server[1]} ${server[2]} 2 0 1 ${server[3]}`]
  })
  return `${['1', columns, ...rows].join('\n')}\n\n`
}

function refused(what: string): StackError {
  return new StackError('cloud', what)
}
