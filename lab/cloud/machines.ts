import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { docker, dockerLines } from '../host/docker.ts'
import { LAB } from '../places.ts'
import { CLOUD_IMAGE } from './image.ts'
import type { LabInstance } from './moto.ts'
import { ADDRESSES, CLOUD_RUN } from './places.ts'

const LABELS = {
  cloud: 'rancher-ha-lab/cloud',
  instance: 'rancher-ha-lab/instance',
  address: 'rancher-ha-lab/address',
  node: 'rancher-ha-lab/node',
  /** Number of its pod network: kept with it, since a machine that starts again has what it had. */
  pods: 'rancher-ha-lab/pods',
  stack: 'rancher-ha/stack',
} as const

const STOP_SECONDS = 30

/** The container of an instance, as the lab's Docker knows it. */
export type Container = { instance: string; running: boolean; pods: number }

/** Every container of this lab's cloud. */
export async function containers(): Promise<Container[]> {
  const columns = [`{{.Label "${LABELS.instance}"}}`, '{{.State}}', `{{.Label "${LABELS.pods}"}}`]
  const lines = await dockerLines(['ps', '--all', ...ours(), '--format', columns.join('\t')])
  return lines.map((line) => {
    const [instance = '', state = '', pods = ''] = line.split('\t')
    return { instance, running: state === 'running', pods: Number(pods) }
  })
}

/** A machine with an empty disk, off, on which lies what it will read at its first boot. */
export async function createMachine(instance: LabInstance, pods: number): Promise<void> {
  const { id, tags, privateAddress } = instance
  const labels = {
    [LABELS.cloud]: LAB,
    [LABELS.instance]: id,
    [LABELS.address]: privateAddress ?? '',
    [LABELS.node]: tags['rancher-ha/node'] ?? '',
    [LABELS.pods]: String(pods),
    [LABELS.stack]: tags['rancher-ha/stack'] ?? '',
  }
  const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const systemd = ['--privileged', '--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/tmp']
  const life = ['--stop-signal', 'SIGRTMIN+3', '--network', 'none', '--hostname', hostNameOf(instance)]
  await docker(['volume', 'create', ...flags, volumeOf(id)])
  const disk = ['--volume', `${volumeOf(id)}:/var`]
  await docker(['create', '--name', containerOf(id), ...systemd, ...life, ...disk, ...flags, CLOUD_IMAGE])
  await writeSeed(instance, pods)
}

/** User data and metadata as cloud-init finds them on a disk; where the lab's own part looks, what it needs. */
async function writeSeed(instance: LabInstance, pods: number): Promise<void> {
  const folder = await mkdtemp(join(CLOUD_RUN, 'seed-'))
  const files = {
    'var/lib/cloud/seed/nocloud/user-data': instance.userData ?? '',
    'var/lib/cloud/seed/nocloud/meta-data': `${JSON.stringify({
      'instance-id': instance.id,
      'local-hostname': hostNameOf(instance),
    })}\n`,
    'etc/rancher-ha-lab/cloud': `PODS=${pods}\nRESOLVER=${ADDRESSES.resolver}\n`,
  }
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      await writeFile(join(folder, path), content)
    }
    await docker(['cp', `${folder}/.`, `${containerOf(instance.id)}:/`])
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** As AWS names machines by their address. */
function hostNameOf({ privateAddress }: Pick<LabInstance, 'privateAddress'>): string {
  return `ip-${(privateAddress ?? '').replaceAll('.', '-')}`
}

/** Powers it on. @returns the process whose network is the machine's */
export async function startMachine(instance: string): Promise<number> {
  await docker(['start', containerOf(instance)])
  return pidOf(instance)
}

export async function pidOf(instance: string): Promise<number> {
  return Number(await docker(['inspect', '--format', '{{.State.Pid}}', containerOf(instance)]))
}

/** Powers it off in good order; what does not end in time has its plug pulled. */
export async function stopMachine(instance: string): Promise<void> {
  await docker(['stop', '--time', String(STOP_SECONDS), containerOf(instance)])
}

/** It is gone, and its disk with it. */
export async function removeMachine(instance: string): Promise<void> {
  const names = await dockerLines(['ps', '--all', '--quiet', '--filter', `label=${LABELS.instance}=${instance}`])
  if (names.length > 0) await docker(['rm', '--force', ...names])
  const volumes = await dockerLines(['volume', 'ls', '--quiet', '--filter', `label=${LABELS.instance}=${instance}`])
  if (volumes.length > 0) await docker(['volume', 'rm', ...volumes])
}

/** All machines of this lab's cloud, whoever made them. */
export async function removeMachines(): Promise<void> {
  const there = await dockerLines(['ps', '--all', '--quiet', ...ours()])
  if (there.length > 0) await docker(['rm', '--force', ...there])
  const volumes = await dockerLines(['volume', 'ls', '--quiet', ...ours()])
  if (volumes.length > 0) await docker(['volume', 'rm', ...volumes])
}

export function containerOf(instance: string): string {
  return `cloud-${instance}`
}

function volumeOf(instance: string): string {
  return `cloud-${instance}-var`
}

function ours(): string[] {
  return ['--filter', `label=${LABELS.cloud}=${LAB}`]
}
