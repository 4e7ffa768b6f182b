import type { Labels } from './names.ts'

export type Container = {
  name: string
  labels: Labels
  /** created: made but never started. */
  state: 'created' | 'running' | 'stopped'
  /** Its fixed address in the network it was made for; undefined when it has none. */
  address: string | undefined
}

export type Network = { name: string; labels: Labels; subnets: string[] }

export type Volume = { name: string; labels: Labels }

/** What of this machine's Docker concerns one stack. */
export type DockerFacts = {
  /** Containers and volumes that carry the stack's name as a label, or a name of ours. */
  containers: Container[]
  volumes: Volume[]
  /** All networks: their subnets are not free. */
  networks: Network[]
}

export type MachineSpec = {
  name: string
  hostname: string
  image: string
  network: string
  address: string
  /** Becomes the machine's /var. */
  volume: string
  labels: Labels
  /** Started again when Docker or the machine below it starts. */
  restart: boolean
}

export type Answer = { exitCode: number; stdout: string; stderr: string }

/**
 * The few things asked of a Docker daemon. Each is one call of its client, named by DOCKER_HOST as ever.
 * Everything throws StackError of kind `preflight` when no daemon answers, `cloud` when it refuses; what is removed
 * may be gone already, what is created must not be there.
 */
export interface Docker {
  facts(stack: string, prefix: string): Promise<DockerFacts>
  /** Labels of every container, network and volume that has this label. */
  labelled(label: string, value: string): Promise<Labels[]>
  hasImage(image: string): Promise<boolean>
  build(image: string, dockerfile: string, labels: Labels, signal: AbortSignal): Promise<void>
  createNetwork(
    network: { name: string; subnet: string; gateway: string; labels: Labels },
    signal: AbortSignal,
  ): Promise<void>
  removeNetwork(name: string, signal: AbortSignal): Promise<void>
  createVolume(volume: Volume, signal: AbortSignal): Promise<void>
  removeVolume(name: string, signal: AbortSignal): Promise<void>
  createMachine(spec: MachineSpec, signal: AbortSignal): Promise<void>
  start(container: string, signal: AbortSignal): Promise<void>
  remove(container: string, signal: AbortSignal): Promise<void>
  /** Files by path; a file that is not there has no entry. Works in a stopped container too, its volumes included. */
  read(container: Pick<Container, 'name' | 'state'>, paths: string[]): Promise<Map<string, string>>
  /** All of the file or nothing, as that user; missing folders are made, closed to others. */
  write(
    container: string,
    file: { path: string; content: string; mode: string; user: string },
    signal: AbortSignal,
  ): Promise<void>
  /** Runs a command as root in a running container; its exit code is an answer. */
  exec(container: string, command: string[], signal?: AbortSignal): Promise<Answer>
}
