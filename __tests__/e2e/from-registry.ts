import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleIndex } from '../../lab/bundle/pack.ts'
import { BUNDLE } from '../../lab/places.ts'
import { REGISTRY, startRegistry } from '../../lab/registry.ts'
import { IMAGES } from '../../lab/versions.ts'
import { repositoryFolder } from '../runner/action-file.ts'
import { output } from './eye/command.ts'
import { labEnvironment } from './eye/lab.ts'
import type { Machine } from './eye/machines.ts'
import type { Ground } from './ground.ts'
import type { Stack } from './stack.ts'

/**
 * A registry with the bundle's images, beside the machines.
 *
 * @param options.instead archives whose images take the place of the bundle's of the same names
 */
export async function openRegistry(
  { hosts, balancer }: Ground,
  options: Pick<Parameters<typeof startRegistry>[0], 'bytesPerSecond' | 'credentials'> & { instead?: string[] },
) {
  const { images } = await readIndex()
  const { instead = [], ...limits } = options
  const registry = await startRegistry({
    // The machines' way out, which is this machine.
    address: balancer.replace(/\d+$/, '1'),
    archives: [...images.map(({ file }) => join(BUNDLE, file)), ...instead],
    ...limits,
  })
  // Their containerd starts pods with an image of a fixed name, which a machine with cri-dockerd takes from rke.
  await Promise.all(hosts.map((host) => give(host, [IMAGES.pause])))
  return registry
}

/** A text with every image in it under the registry's name. */
export function underRegistry(text = ''): string {
  return text.replaceAll(/(?<![\w./-])rancher-ha-lab\//g, `${REGISTRY}/rancher-ha-lab/`)
}

/** Inputs of a stack all of whose images come from the registry. */
export async function fromRegistry({ installInputs }: Stack): Promise<Record<string, string>> {
  const inputs = installInputs()
  return {
    'rke-config': underRegistry(inputs['rke-config']),
    'helm-values': underRegistry(inputs['helm-values']),
    'airgap-bundle': await withoutImages(),
  }
}

/** A bundle with tools and charts as they are, and no image. */
export async function withoutImages(): Promise<string> {
  const folder = join(repositoryFolder, '.out', 'no-images')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of ['tools', 'charts']) await symlink(join(BUNDLE, name), join(folder, name))
  await writeFile(join(folder, 'bundle.json'), JSON.stringify({ ...(await readIndex()), images: [] }))
  return folder
}

/** Names of the images that nodes run beside rke's own. */
export async function imagesOfPods(): Promise<string[]> {
  const { images } = await readIndex()
  return images.filter(({ file }) => !/(kubernetes-|rke\.)/.test(file)).flatMap(({ names }) => names)
}

/** Puts images of the lab's Docker into a machine's. */
export async function give({ container }: Pick<Machine, 'container'>, images: string[]): Promise<void> {
  const load = 'machine=$1; shift; docker save "$@" | docker exec -i "$machine" docker load >/dev/null'
  await output('bash', ['-o', 'pipefail', '-c', load, 'give', container, ...images], {
    env: { ...process.env, ...labEnvironment() },
  })
}

/** The table of contents of the lab's bundle. */
export async function readIndex(): Promise<BundleIndex> {
  return JSON.parse(await readFile(join(BUNDLE, 'bundle.json'), 'utf8')) as BundleIndex
}
