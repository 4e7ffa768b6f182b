import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '../../errors.ts'
import type { Answer, Docker, DockerFacts, MachineSpec } from './docker.ts'
import { parseContainers, parseNetworks, parseVolumes } from './docker-json.ts'
import { LABELS, type Labels } from './names.ts'

type Call = { input?: string; signal?: AbortSignal }

const GONE = /no such (container|volume|network|object)|network \S+ not found/i

/** Base64 of each file on a line of its own; the line of a file that is not there is empty. */
const READ = 'for file; do if [ -f "$file" ]; then base64 -w0 "$file"; fi; echo; done'

/** A client killed in the middle ends the input early, hence the count. */
const WRITE = `umask 077; mkdir -p "$(dirname "$1")" && cat >"$1.new" && [ "$(wc -c <"$1.new")" -eq "$3" ] && chmod "$2" "$1.new" && mv "$1.new" "$1"`

/** Docker through its own command line client: flags that every client since 20.10 knows. */
export const dockerCli: Docker = {
  facts,

  async hasImage(image) {
    const answer = await ask(['image', 'inspect', '--format', '{{.Id}}', image])
    if (answer.exitCode !== 0 && !/no such image/i.test(answer.stderr))
      throw refused(['image', 'inspect', image], answer)
    return answer.exitCode === 0
  },
  async build(image, dockerfile, labels, signal) {
    await run(['build', '--quiet', '--tag', image, ...labelFlags(labels), '-'], { input: dockerfile, signal })
  },

  async createNetwork({ name, subnet, gateway, labels }, signal) {
    const place = ['--driver', 'bridge', '--subnet', subnet, '--gateway', gateway]
    await run(['network', 'create', ...place, ...labelFlags(labels), name], { signal })
  },
  async removeNetwork(name, signal) {
    await removed(['network', 'rm', name], signal)
  },
  async createVolume({ name, labels }, signal) {
    await run(['volume', 'create', ...labelFlags(labels), name], { signal })
  },
  async removeVolume(name, signal) {
    await removed(['volume', 'rm', name], signal)
  },

  async createMachine(spec, signal) {
    await run(createArgs(spec), { signal })
  },
  async start(container, signal) {
    await run(['start', container], { signal })
  },
  async remove(container, signal) {
    await removed(['rm', '--force', container], signal)
  },

  async read({ name, state }, paths) {
    return state === 'running' ? readRunning(name, paths) : readStopped(name, paths)
  },
  async write(container, { path, content, mode, user }, signal) {
    const size = String(Buffer.byteLength(content))
    const command = ['sh', '-c', WRITE, 'sh', path, mode, size]
    await run(['exec', '--interactive', '--user', user, container, ...command], { input: content, signal })
  },
  exec: (container, command, signal) => ask(['exec', container, ...command], { ...(signal && { signal }) }),
}

/** `docker create` of a machine: systemd with a cgroup tree and a /var of its own. */
export function createArgs(spec: MachineSpec): string[] {
  const { name, hostname, image, network, address, volume, labels, restart } = spec
  const systemd = ['--privileged', '--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/tmp']
  const life = ['--stop-signal', 'SIGRTMIN+3', '--restart', restart ? 'unless-stopped' : 'no']
  const place = ['--hostname', hostname, '--network', network, '--ip', address, '--volume', `${volume}:/var`]
  return ['create', '--name', name, ...systemd, ...life, ...place, ...labelFlags(labels), image]
}

async function facts(stack: string, prefix: string): Promise<DockerFacts> {
  const byLabel = ['--filter', `label=${LABELS.stack}=${stack}`]
  const byName = ['--filter', `name=${prefix}-`]
  const list = async (command: string[], filter: string[]) => lines(await run([...command, ...filter]))
  const containers = ['ps', '--all', '--quiet', '--no-trunc']
  const volumes = ['volume', 'ls', '--quiet']
  const [labelled, named, networks, labelledVolumes, namedVolumes] = await Promise.all([
    list(containers, byLabel),
    list(containers, byName),
    list(['network', 'ls', '--quiet', '--no-trunc'], []),
    list(volumes, byLabel),
    list(volumes, byName),
  ])
  const [containerJson, networkJson, volumeJson] = await Promise.all([
    inspect('container', [...labelled, ...named]),
    inspect('network', networks),
    inspect('volume', [...labelledVolumes, ...namedVolumes]),
  ])
  return {
    containers: parseContainers(containerJson),
    networks: parseNetworks(networkJson),
    volumes: parseVolumes(volumeJson),
  }
}

/** JSON of things that were there a moment ago; what went meanwhile is not in it. */
async function inspect(kind: 'container' | 'network' | 'volume', ids: string[]): Promise<string> {
  if (ids.length === 0) return '[]'
  const args = [kind, 'inspect', ...new Set(ids)]
  const answer = await ask(args)
  if (answer.exitCode !== 0 && !GONE.test(answer.stderr)) throw refused(args, answer)
  return answer.stdout
}

async function readRunning(container: string, paths: string[]): Promise<Map<string, string>> {
  const output = await run(['exec', container, 'sh', '-c', READ, 'sh', ...paths])
  const contents = output.split('\n').map((line) => Buffer.from(line, 'base64').toString())
  return present(paths.map((path, index) => [path, contents[index]]))
}

async function readStopped(container: string, paths: string[]): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'rancher-ha-'))
  try {
    const files = paths.map(async (path, index): Promise<[string, string | undefined]> => {
      const copy = join(folder, String(index))
      const args = ['cp', `${container}:${path}`, copy]
      const answer = await ask(args)
      if (answer.exitCode === 0) return [path, await readFile(copy, 'utf8')]
      if (!/no such|could not find the file/i.test(answer.stderr)) throw refused(args, answer)
      return [path, undefined]
    })
    return present(await Promise.all(files))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function present(files: [string, string | undefined][]): Map<string, string> {
  return new Map(files.flatMap(([path, content]) => (content ? [[path, content] as const] : [])))
}

function labelFlags(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
}

async function removed(args: string[], signal: AbortSignal): Promise<void> {
  const answer = await ask(args, { signal })
  if (answer.exitCode !== 0 && !GONE.test(answer.stderr)) throw refused(args, answer)
}

async function run(args: string[], call: Call = {}): Promise<string> {
  const answer = await ask(args, call)
  if (answer.exitCode !== 0) throw refused(args, answer)
  return answer.stdout
}

/** @throws StackError when there is no client or no daemon; the reason of `signal` when it was aborted */
async function ask(args: string[], { input, signal }: Call = {}): Promise<Answer> {
  const running = promisify(execFile)('docker', args, { maxBuffer: 64 * 1024 * 1024, ...(signal && { signal }) })
  // A command that ends without reading closes the pipe; its exit code tells why.
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  try {
    return { exitCode: 0, ...(await running) }
  } catch (thrown) {
    signal?.throwIfAborted()
    const failure = thrown as { code?: number | string; stdout?: string; stderr?: string }
    if (failure.code === 'ENOENT') throw unreachable('There is no docker client on this machine.', thrown)
    if (typeof failure.code !== 'number') throw thrown
    const stderr = failure.stderr ?? ''
    if (/cannot connect to the docker daemon|error during connect|permission denied.*docker.*sock/i.test(stderr)) {
      throw unreachable(`The Docker daemon does not answer: ${stderr.trim()}`, thrown)
    }
    return { exitCode: failure.code, stdout: failure.stdout ?? '', stderr }
  }
}

function unreachable(what: string, cause: unknown): StackError {
  return new StackError('preflight', what, {
    stands: 'Nothing was changed.',
    next: 'Install and start Docker on the runner, or let DOCKER_HOST name a daemon it may use.',
    cause,
  })
}

function refused(args: string[], { exitCode, stderr }: Answer): StackError {
  const [verb, noun] = args
  return new StackError('cloud', `docker ${verb} ${noun} failed (exit code ${exitCode}): ${stderr.trim()}`, {
    next: 'Mend what Docker names, then run the same again.',
  })
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
