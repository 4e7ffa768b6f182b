import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { BUNDLE } from '../../lab/places.ts'
import { VERSIONS } from '../../lab/versions.ts'
import { output } from './eye/command.ts'
import { labEnvironment, tool } from './eye/lab.ts'
import type { Machine } from './eye/machines.ts'
import type { Ground } from './ground.ts'
import type { Stack } from './stack.ts'

/** What a person who follows Rancher's documentation keeps in a folder. */
export type ByHand = { folder: string; clusterYml: string; kubeconfig: string; values: string; chart: string }

/**
 * Rancher's documented commands, one after another and with nothing else: `docker load`, `rke up`, `kubectl create secret`,
 * `helm install`, and `kubectl rollout status`, which ends when every replica is available.
 *
 * @see Rancher, "Setting up a High-availability RKE Kubernetes Cluster" and "Install/Upgrade Rancher on a Kubernetes Cluster"
 */
export async function installByHand(stack: Stack, ground: Ground, { load = true } = {}): Promise<ByHand> {
  const byHand = await prepare(stack, ground)
  if (load) for (const host of ground.hosts) await loadImages(host)
  await rkeUp(byHand)
  const kubectl = (...args: string[]) => output(tool('kubectl'), ['--kubeconfig', byHand.kubeconfig, ...args])
  await kubectl('create', 'namespace', 'cattle-system')
  const file = (name: string) => join(byHand.folder, name)
  const pair = [`--cert=${file('tls.crt')}`, `--key=${file('tls.key')}`]
  await kubectl('-n', 'cattle-system', 'create', 'secret', 'tls', 'tls-rancher-ingress', ...pair)
  await kubectl(
    '-n',
    'cattle-system',
    'create',
    'secret',
    'generic',
    'tls-ca',
    `--from-file=cacerts.pem=${file('cacerts.pem')}`,
  )
  await helm(byHand, ['install'])
  await kubectl('-n', 'cattle-system', 'rollout', 'status', 'deploy/rancher', '--timeout=10m')
  return byHand
}

export async function rkeUp({ clusterYml }: ByHand): Promise<void> {
  await output(tool('rke'), ['up', '--ignore-docker-version', '--config', clusterYml])
}

/** Waits for the pods: `helm upgrade` by itself ends before they are ready. */
export async function helmUpgrade(byHand: ByHand): Promise<void> {
  await helm(byHand, ['upgrade', '--install', '--wait', '--timeout', '10m'])
}

async function helm({ chart, kubeconfig, values }: ByHand, verb: string[]): Promise<void> {
  const where = ['--kubeconfig', kubeconfig, '--namespace', 'cattle-system']
  await output(tool('helm'), [...verb, 'rancher', chart, ...where, '--values', values])
}

/** The files the commands read. */
export async function prepare(stack: Stack, { hosts, privateKey }: Ground): Promise<ByHand> {
  const folder = await mkdtemp(join(tmpdir(), 'by-hand-'))
  await mkdir(folder, { recursive: true })
  const write = (name: string, content: string) => writeFile(join(folder, name), content, { mode: 0o600 })
  const inputs = stack.installInputs()
  const cluster = {
    nodes: hosts.map(({ address, hostname }) => ({
      address,
      hostname_override: hostname,
      user: 'rancher',
      role: ['controlplane', 'etcd', 'worker'],
    })),
    cluster_name: stack.name,
    kubernetes_version: VERSIONS.rkeKubernetes,
    ssh_key_path: join(folder, 'id'),
    ...(parse(inputs['rke-config'] ?? '{}') as object),
  }
  const values = {
    hostname: stack.hostname,
    replicas: 3,
    bootstrapPassword: stack.password,
    privateCA: true,
    ingress: { tls: { source: 'secret' } },
    ...(parse(inputs['helm-values'] ?? '{}') as object),
  }
  await Promise.all([
    write('id', privateKey),
    write('cluster.yml', stringify(cluster)),
    write('values.yaml', stringify(values)),
    write('tls.crt', stack.tls.certificate),
    write('tls.key', stack.tls.privateKey),
    write('cacerts.pem', stack.tls.ca),
  ])
  return {
    folder,
    clusterYml: join(folder, 'cluster.yml'),
    kubeconfig: join(folder, 'kube_config_cluster.yml'),
    values: join(folder, 'values.yaml'),
    chart: join(BUNDLE, 'charts', `rancher-${VERSIONS.rancher}.tgz`),
  }
}

export async function loadImages({ container }: Machine): Promise<void> {
  const load = `for file in "$1"/images/*.tar; do docker exec -i "$2" docker load <"$file" >/dev/null; done`
  await output('bash', ['-c', load, 'load', BUNDLE, container], { env: { ...process.env, ...labEnvironment() } })
}
