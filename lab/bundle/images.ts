import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached } from '../host/cache.ts'
import { docker } from '../host/docker.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { treeKey } from '../machine/image.ts'
import { CACHE } from '../places.ts'
import { IMAGES } from '../versions.ts'
import type { Binaries } from './binaries.ts'
import { STANDINS, standInDockerfile } from './standins.ts'

/** One archive of the bundle: images that are needed together. */
export type ImageGroup = { for: 'rke' | 'ingress' | 'rancher' | 'cert-manager'; names: string[]; file: string }

/** An image to build: a folder beside this file, or the text of a Dockerfile; and the programs it copies. */
type Recipe = { name: string; from: { folder: string } | { dockerfile: string }; programs: string[] }

const FOLDER = join(import.meta.dirname, 'images')

/** Builds the images in the lab's Docker and writes them as archives; what is in the cache is not built again. */
export async function buildImages(kubernetes: string, binaries: Binaries): Promise<ImageGroup[]> {
  const groups: ImageGroup[] = []
  for (const [group, recipes] of Object.entries(recipesFor(kubernetes))) {
    groups.push(await buildGroup(group as ImageGroup['for'], recipes, binaries))
  }
  return groups
}

/** @param version of Kubernetes ("v1.32.6") */
export const kubernetesImage = (version: string) => `rancher-ha-lab/kubernetes:${version}-rancher1`

function recipesFor(kubernetes: string): Record<ImageGroup['for'], Recipe[]> {
  const standIns = STANDINS.map(({ name, images }) => {
    const recipes = images.map((image): Recipe => {
      return { name: image.name, from: { dockerfile: standInDockerfile(name, image.environment) }, programs: [name] }
    })
    return [name, recipes] as const
  })
  return {
    rke: [
      { name: IMAGES.etcd, from: { folder: 'etcd' }, programs: ['etcd', 'etcdctl', 'etcdutl'] },
      { name: IMAGES.tools, from: { folder: 'tools' }, programs: ['tools'] },
      { name: IMAGES.pause, from: { folder: 'pause' }, programs: ['tools'] },
      { name: kubernetesImage(kubernetes), from: { folder: 'kubernetes' }, programs: ['hyperkube'] },
    ],
    ingress: [{ name: IMAGES.skipper, from: { folder: 'skipper' }, programs: ['skipper'] }],
    ...(Object.fromEntries(standIns) as Record<'rancher' | 'cert-manager', Recipe[]>),
  }
}

async function buildGroup(group: ImageGroup['for'], recipes: Recipe[], { path }: Binaries): Promise<ImageGroup> {
  const key = keyOf(...(await inputsOf(recipes, path)))
  const names = recipes.map((recipe) => recipe.name)
  const file = await cached(`Images for ${group}`, join(CACHE, 'images', `${group}-${key}.tar`), async (to) => {
    await buildImage({ name: IMAGES.base, from: { folder: 'base' }, programs: [] }, path)
    for (const recipe of recipes) await buildImage(recipe, path)
    await docker(['save', '-o', to, ...names])
  })
  return { for: group, names, file }
}

/** All that the images are made from: the tree below them, folders, texts and programs. */
async function inputsOf(recipes: Recipe[], path: Record<string, string>): Promise<string[]> {
  const folders = recipes.flatMap(({ from }) => ('folder' in from ? [from.folder] : []))
  const contents = await Promise.all(['base', ...folders].map((folder) => folderInput(join(FOLDER, folder))))
  const collect = await readFile(join(FOLDER, 'collect'), 'utf8')
  const programs = recipes.flatMap((recipe) => recipe.programs.map((program) => path[program] ?? ''))
  return [treeKey(), collect, JSON.stringify(recipes), ...contents, ...programs]
}

async function buildImage({ name, from, programs }: Recipe, path: Record<string, string>): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'rancher-ha-image-'))
  try {
    if ('folder' in from) await cp(join(FOLDER, from.folder), context, { recursive: true })
    else await writeFile(join(context, 'Dockerfile'), from.dockerfile)
    await copyFile(join(FOLDER, 'collect'), join(context, 'collect'))
    for (const program of programs) await copyFile(path[program] ?? '', join(context, program))
    await docker(['build', '-q', '--network', 'none', '-t', name, context])
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}
