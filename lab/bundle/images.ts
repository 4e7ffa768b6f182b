import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached } from '../host/cache.ts'
import { docker } from '../host/docker.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { treeKey } from '../machine/image.ts'
import { CACHE } from '../places.ts'
import { IMAGES, kubernetesImage } from '../versions.ts'
import { type Binaries, hyperkubeOf } from './binaries.ts'
import { STANDINS, standInDockerfile } from './standins.ts'

/** What of a stack needs the images of an archive. */
type Use = 'rke' | 'ingress' | 'rancher' | 'cert-manager'

/** One archive of the bundle: images that are needed together; by one version of Kubernetes only, where it is named. */
export type ImageGroup = { archive: string; for: Use; kubernetes?: string | undefined; names: string[]; file: string }

/**
 * An image to build, and the names it goes by: a folder beside this file, or the text of a Dockerfile; and the programs
 * it copies, each under its name in the image.
 */
type Recipe = { names: string[]; from: { folder: string } | { dockerfile: string }; programs: Record<string, string> }

type Archive = { archive: string; for: Use; kubernetes?: string; recipes: Recipe[] }

const FOLDER = join(import.meta.dirname, 'images')

/**
 * Builds the images in the lab's Docker and writes them as archives; what is in the cache is not built again.
 *
 * @param kubernetes versions ("v1.32.6"), each with an archive of its own
 */
export async function buildImages(kubernetes: string[], binaries: Binaries): Promise<ImageGroup[]> {
  const groups: ImageGroup[] = []
  for (const archive of archivesOf(kubernetes)) groups.push(await buildArchive(archive, binaries))
  return groups
}

function archivesOf(kubernetes: string[]): Archive[] {
  const ofKubernetes = kubernetes.map((version): Archive => {
    const programs = { hyperkube: hyperkubeOf(version) }
    const recipe = { names: [kubernetesImage(version)], from: { folder: 'kubernetes' }, programs }
    return { archive: `kubernetes-${version}`, for: 'rke', kubernetes: version, recipes: [recipe] }
  })
  const standIns = STANDINS.map(({ name, images }): Archive => {
    const recipes = images.map((names): Recipe => {
      return { names, from: { dockerfile: standInDockerfile(name) }, programs: { [name]: name } }
    })
    return { archive: name, for: name, recipes }
  })
  return [
    {
      archive: 'rke',
      for: 'rke',
      recipes: [
        fromFolder(IMAGES.etcd, 'etcd', ['etcd', 'etcdctl', 'etcdutl']),
        fromFolder(IMAGES.tools, 'tools', ['tools']),
        fromFolder(IMAGES.pause, 'pause', ['tools']),
      ],
    },
    ...ofKubernetes,
    { archive: 'ingress', for: 'ingress', recipes: [fromFolder(IMAGES.skipper, 'skipper', ['skipper'])] },
    ...standIns,
  ]
}

function fromFolder(name: string, folder: string, programs: string[]): Recipe {
  const sameNames = Object.fromEntries(programs.map((program) => [program, program]))
  return { names: [name], from: { folder }, programs: sameNames }
}

async function buildArchive({ recipes, ...rest }: Archive, { path }: Binaries): Promise<ImageGroup> {
  const key = keyOf(...(await inputsOf(recipes, path)))
  const names = recipes.flatMap((recipe) => recipe.names)
  const { archive } = rest
  const file = await cached(`Images for ${archive}`, join(CACHE, 'images', `${archive}-${key}.tar`), async (to) => {
    await buildImage({ names: [IMAGES.base], from: { folder: 'base' }, programs: {} }, path)
    for (const recipe of recipes) await buildImage(recipe, path)
    await docker(['save', '-o', to, ...names])
  })
  return { ...rest, names, file }
}

/** All that the images are made from: the tree below them, folders, texts and programs. */
async function inputsOf(recipes: Recipe[], path: Record<string, string>): Promise<string[]> {
  const folders = recipes.flatMap(({ from }) => ('folder' in from ? [from.folder] : []))
  const contents = await Promise.all(['base', ...folders].map((folder) => folderInput(join(FOLDER, folder))))
  const collect = await readFile(join(FOLDER, 'collect'), 'utf8')
  const programs = recipes.flatMap((recipe) => Object.values(recipe.programs).map((program) => path[program] ?? ''))
  return [treeKey(), collect, JSON.stringify(recipes), ...contents, ...programs]
}

async function buildImage({ names, from, programs }: Recipe, path: Record<string, string>): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'rancher-ha-image-'))
  try {
    if ('folder' in from) await cp(join(FOLDER, from.folder), context, { recursive: true })
    else await writeFile(join(context, 'Dockerfile'), from.dockerfile)
    await copyFile(join(FOLDER, 'collect'), join(context, 'collect'))
    for (const [as, program] of Object.entries(programs)) await copyFile(path[program] ?? '', join(context, as))
    const tags = names.flatMap((name) => ['-t', name])
    await docker(['build', '-q', '--network', 'none', ...tags, context])
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}
