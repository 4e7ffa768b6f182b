import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { ClusterFacts, WantedCluster } from '../distribution.ts'
import { own } from './facts.ts'
import { kubeletVersion } from './versions.ts'

type Image = WantedCluster['images'][number]

/** Of these nodes those that lack an image; a machine that is still to be made has none. */
export function lackingNodes(facts: ClusterFacts, names: string[], images: Image[]): string[] {
  return names.filter((name) => {
    const node = own(facts).nodes.find((one) => one.name === name)
    return missingImages(images, node?.images ?? []).length > 0
  })
}

/** The archives of which a node lacks an image, by the repository tags Docker lists. */
export function missingImages(images: Image[], present: string[]): Image[] {
  const has = new Set(present.map(shortName))
  return images.filter(({ names }) => names.some((name) => !has.has(shortName(name))))
}

/** What rke needs before it brings this version of Kubernetes up. */
export function planeArchives(images: Image[], version: string): Image[] {
  return archivesFor(images, version).filter((image) => !isWorkload(image))
}

/** What runs on Kubernetes once it stands, and may be loaded while it is brought up. */
export function workloadArchives(images: Image[]): Image[] {
  return images.filter(isWorkload)
}

/** All that a stack of this version of Kubernetes runs; of any version when it is not known. */
export function archivesFor(images: Image[], version: string | undefined): Image[] {
  const isNeeded = ({ kubernetes }: Image) =>
    kubernetes === undefined || kubernetes === kubeletVersion(version ?? kubernetes)
  return images.filter(isNeeded)
}

function isWorkload({ for: use }: Image): boolean {
  return use !== 'rke'
}

/** Loads on each node that answers what it lacks; nothing without an archive. @throws StackError as `loadImages` does */
export async function loadEverywhere({ reached }: Hosts, images: Image[], signal: AbortSignal): Promise<void> {
  if (images.length > 0) await Promise.all(reached.map((host) => loadMissing(host, images, signal)))
}

/** Loads what the node's Docker lacks now. @throws StackError as `loadImages` does */
export async function loadMissing(host: Host, images: Image[], signal: AbortSignal): Promise<void> {
  const present = (await host.run("docker image ls --format '{{.Repository}}:{{.Tag}}'", { sudo: true })).split('\n')
  await loadImages(host, missingImages(images, present), signal)
}

/** Loads archives into a node's Docker, one after another. @throws StackError of kind `preflight` for an archive that was changed */
export async function loadImages(host: Host, images: Image[], signal: AbortSignal): Promise<void> {
  for (const { file, sha256 } of images) {
    await verifyArchive(file, sha256)
    await host.pipe(file, 'docker load --quiet', { sudo: true, deadlineMs: 900_000, signal })
  }
}

/** Hashing an archive once a run is enough, though every node gets it. */
const verified = new Map<string, Promise<void>>()

async function verifyArchive(file: string, sha256: string): Promise<void> {
  const key = `${sha256} ${file}`
  const running = verified.get(key) ?? hashArchive(file, sha256)
  verified.set(key, running)
  await running
}

async function hashArchive(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const actual = hash.digest('hex')
  if (actual === sha256) return
  throw new StackError('preflight', `${file}: expected SHA-256 ${sha256}, got ${actual}`, {
    stands: 'It was loaded on no node.',
    next: 'Make the air-gap bundle again.',
  })
}

/** Docker lists docker.io/library/x as x. */
function shortName(name: string): string {
  return name.replace(/^docker\.io\//, '').replace(/^library\//, '')
}
