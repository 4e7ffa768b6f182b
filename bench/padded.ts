import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { docker } from '../__tests__/e2e/eye/docker.ts'
import { readIndex } from '../__tests__/e2e/from-registry.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { BUNDLE } from '../lab/places.ts'
import { rancherImage, VERSIONS } from '../lab/versions.ts'

/** What a containerd holds of rancher/rancher:v2.7.5 ("crictl images"); that of a later one could not be asked for here. */
export const RANCHER_BYTES = 689_000_000

/** An archive of the stand-in's image with as many bytes more as Rancher's own has; they cannot be compressed. */
export async function padRancher(): Promise<AsyncDisposable & { archive: string }> {
  const image = rancherImage(VERSIONS.rancher)
  const { images } = await readIndex()
  const plain = images.find(({ names }) => names.includes(image))
  if (plain === undefined) throw new Error(`The bundle has no ${image}.`)
  const folder = join(repositoryFolder, '.out', 'bench', 'padded')
  const archive = join(folder, 'rancher.tar')
  await mkdir(folder, { recursive: true })
  const restore = () => docker('load', '--quiet', '--input', join(BUNDLE, plain.file))
  await restore()
  await pipeline(
    createReadStream('/dev/urandom', { end: RANCHER_BYTES - 1 }),
    createWriteStream(join(folder, 'padding')),
  )
  await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\nCOPY padding /padding\n`)
  await docker('build', '--quiet', '--tag', image, folder)
  await docker('save', '--output', archive, image)
  await rm(join(folder, 'padding'))
  return {
    archive,
    async [Symbol.asyncDispose]() {
      await restore()
      await rm(folder, { recursive: true })
    },
  }
}
