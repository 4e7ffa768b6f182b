import type { Docker, DockerFacts, MachineSpec } from './docker.ts'
import { type DockerClient, dockerClient, refused } from './docker-client.ts'
import { dockerFiles } from './docker-files.ts'
import { parseContainers, parseNetworks, parseVolumes } from './docker-json.ts'
import { LABELS, type Labels } from './names.ts'

const GONE = /no such (container|volume|network|object)|network \S+ not found/i

/**
 * Docker through its own command line client, with flags that every client since 20.10 knows.
 *
 * @param env of the client; that of this process when absent
 */
export function dockerCli(env?: NodeJS.ProcessEnv): Docker {
  const client = dockerClient(env)
  const { ask, run } = client

  async function removed(args: string[], signal: AbortSignal): Promise<void> {
    const answer = await ask(args, { signal })
    if (answer.exitCode !== 0 && !GONE.test(answer.stderr)) throw refused(args, answer)
  }

  return {
    async facts(stack, prefix) {
      const filters = [`label=${LABELS.stack}=${stack}`, `name=${prefix}-`]
      return await readFacts(client, { filters, networkFilters: [] })
    },
    async labelled(label, value) {
      const filter = `label=${label}=${value}`
      const { containers, networks, volumes } = await readFacts(client, { filters: [filter], networkFilters: [filter] })
      return [...containers, ...networks, ...volumes].map(({ labels }) => labels)
    },
    ...dockerFiles(client),

    async hasImage(image) {
      const args = ['image', 'inspect', '--format', '{{.Id}}', image]
      const answer = await ask(args)
      if (answer.exitCode !== 0 && !/no such image/i.test(answer.stderr)) throw refused(args, answer)
      return answer.exitCode === 0
    },
    async build(image, dockerfile, labels, signal) {
      await run(['build', '--quiet', '--tag', image, ...labelFlags(labels), '-'], { input: dockerfile, signal })
    },

    async createNetwork({ name, subnet, gateway, labels }, signal) {
      const place = ['--driver', 'bridge', '--subnet', subnet, '--gateway', gateway]
      await run(['network', 'create', ...place, ...labelFlags(labels), name], { signal })
    },
    async createVolume({ name, labels }, signal) {
      await run(['volume', 'create', ...labelFlags(labels), name], { signal })
    },
    async createMachine(spec, signal) {
      await run(createArgs(spec), { signal })
    },
    async start(container, signal) {
      await run(['start', container], { signal })
    },
    exec: (container, command, signal) => ask(['exec', container, ...command], { ...(signal && { signal }) }),

    remove: (container, signal) => removed(['rm', '--force', container], signal),
    removeVolume: (name, signal) => removed(['volume', 'rm', name], signal),
    removeNetwork: (name, signal) => removed(['network', 'rm', name], signal),
  }
}

/** `docker create` of a machine: systemd with a cgroup tree and a /var of its own. */
export function createArgs(spec: MachineSpec): string[] {
  const { name, hostname, image, network, address, volume, labels, restart } = spec
  const systemd = ['--privileged', '--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/tmp']
  const life = ['--stop-signal', 'SIGRTMIN+3', '--restart', restart ? 'unless-stopped' : 'no']
  const place = ['--hostname', hostname, '--network', network, '--ip', address, '--volume', `${volume}:/var`]
  return ['create', '--name', name, ...systemd, ...life, ...place, ...labelFlags(labels), image]
}

/** What any of the filters finds; all networks without one. */
async function readFacts(
  client: DockerClient,
  { filters, networkFilters }: { filters: string[]; networkFilters: string[] },
): Promise<DockerFacts> {
  const list = async (...args: string[]) => (await client.run(args)).split('\n').filter((line) => line !== '')
  const listBoth = async (...args: string[]) =>
    (await Promise.all(filters.map((filter) => list(...args, '--filter', filter)))).flat()
  const [containers, networks, volumes] = await Promise.all([
    listBoth('ps', '--all', '--quiet', '--no-trunc'),
    list('network', 'ls', '--quiet', '--no-trunc', ...networkFilters.flatMap((filter) => ['--filter', filter])),
    listBoth('volume', 'ls', '--quiet'),
  ])
  const [containerJson, networkJson, volumeJson] = await Promise.all([
    inspect(client, 'container', containers),
    inspect(client, 'network', networks),
    inspect(client, 'volume', volumes),
  ])
  return {
    containers: parseContainers(containerJson),
    networks: parseNetworks(networkJson),
    volumes: parseVolumes(volumeJson),
  }
}

/** JSON of things that were there a moment ago; what went meanwhile is not in it. */
async function inspect({ ask }: DockerClient, kind: string, ids: string[]): Promise<string> {
  if (ids.length === 0) return '[]'
  const args = [kind, 'inspect', ...new Set(ids)]
  const answer = await ask(args)
  if (answer.exitCode !== 0 && !GONE.test(answer.stderr)) throw refused(args, answer)
  return answer.stdout
}

function labelFlags(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
}
