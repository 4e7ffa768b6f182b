import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { output } from '../__tests__/e2e/eye/command.ts'
import { labEnvironment } from '../__tests__/e2e/eye/lab.ts'
import type { Ground } from '../__tests__/e2e/ground.ts'
import type { Stack } from '../__tests__/e2e/stack.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { BUNDLE } from '../lab/places.ts'
import { REGISTRY, startRegistry } from '../lab/registry.ts'
import { IMAGES } from '../lab/versions.ts'
import { stack } from './lab.ts'

/** About what a good office line gives. */
export const BYTES_PER_SECOND = 20_000_000

/** Where images come from: inputs of the action, and the same for the documented commands. */
export type Source = AsyncDisposable & {
  /** Gives the documented commands their settings. */
  stack: Stack
  changed: Record<string, string>
  /** Whether the documented commands load archives first. */
  load: boolean
}

type Index = { images: { file: string }[] }

/** A registry with the bundle's images, beside the machines; the bundle the action is given has none. */
export async function fromRegistry({ hosts, balancer }: Ground): Promise<Source> {
  const index = JSON.parse(await readFile(join(BUNDLE, 'bundle.json'), 'utf8')) as Index
  const registry = await startRegistry({
    // The machines' way out, which is this machine.
    address: balancer.replace(/\d+$/, '1'),
    archives: index.images.map(({ file }) => join(BUNDLE, file)),
    bytesPerSecond: BYTES_PER_SECOND,
  })
  await Promise.all(hosts.map(({ container }) => giveSandbox(container)))
  const changed = { ...namesOfRegistry(stack), 'airgap-bundle': await withoutImages(index) }
  return {
    stack: { ...stack, installInputs: (more) => stack.installInputs({ ...changed, ...more }) },
    changed,
    load: false,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
}

/** The same settings, with every image under the registry's name. */
function namesOfRegistry({ installInputs }: Stack): Record<string, string> {
  const inputs = installInputs()
  const renamed = (text = '') => text.replaceAll(/(?<![\w./-])rancher-ha-lab\//g, `${REGISTRY}/rancher-ha-lab/`)
  return { 'rke-config': renamed(inputs['rke-config']), 'helm-values': renamed(inputs['helm-values']) }
}

/** Tools and charts as they are: what is measured is how images come. */
async function withoutImages(index: Index): Promise<string> {
  const folder = join(repositoryFolder, '.out', 'bench', 'bundle')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of ['tools', 'charts']) await symlink(join(BUNDLE, name), join(folder, name))
  await writeFile(join(folder, 'bundle.json'), JSON.stringify({ ...index, images: [] }))
  return folder
}

/** The machines' containerd starts pods with an image of a fixed name, which a machine with cri-dockerd takes from rke. */
async function giveSandbox(container: string): Promise<void> {
  const load = 'docker save "$1" | docker exec -i "$2" docker load >/dev/null'
  await output('bash', ['-o', 'pipefail', '-c', load, 'sandbox', IMAGES.pause, container], {
    env: { ...process.env, ...labEnvironment() },
  })
}
