import { join } from 'node:path'
import { docker } from '../host/docker.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { progress } from '../host/progress.ts'
import { buildMachine, machineTree, treeKey } from '../machine/image.ts'

/** What Debian's image for AWS has and a machine of the lab lacks; debootstrap does not find the second by itself. */
const MORE = ['cloud-init', 'python3-cffi-backend']

export const CLOUD_IMAGE = 'rancher-ha-lab/cloud-machine:1'
const BASE = 'rancher-ha-lab/cloud-base:1'
const FOLDER = join(import.meta.dirname, 'machine')
const MACHINE = join(import.meta.dirname, '..', 'machine')

/**
 * Puts the image of the cloud's machines into the lab's Docker: the lab's machine with Debian's own cloud-init, and
 * without what user data has to bring. At once when it is there and made from what stands here now.
 */
export async function ensureCloudImage(): Promise<void> {
  const key = keyOf(treeKey(MORE), await folderInput(MACHINE), await folderInput(FOLDER))
  const label = await docker(['image', 'inspect', '-f', '{{index .Config.Labels "rancher-ha-lab/key"}}', CLOUD_IMAGE])
    .then((answer) => answer.trim())
    .catch(() => undefined)
  if (label === key) return
  const tree = await machineTree(MORE)
  await progress('Image of the cloud’s machines', async () => {
    await buildMachine(BASE, tree, key)
    const given = ['--build-arg', `BASE=${BASE}`, '--build-arg', `KEY=${key}`]
    await docker(['build', '-q', '--network', 'none', '-t', CLOUD_IMAGE, ...given, FOLDER])
  })
}
