import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'
import type { WantedCluster } from '../distribution.ts'
import { kubeletVersion } from './versions.ts'

type Image = WantedCluster['images'][number]

/** The archives of which a node lacks an image, by the repository tags Docker lists. */
export function missingImages(images: Image[], present: string[]): Image[] {
  const has = new Set(present.map(shortName))
  return images.filter(({ names }) => names.some((name) => !has.has(shortName(name))))
}

/** What rke needs before it brings this version of Kubernetes up; of any version when it is not known. */
export function planeArchives(images: Image[], version: string | undefined): Image[] {
  return images.filter((image) => !isWorkload(image) && isForVersion(image, version))
}

/** What runs on Kubernetes once it stands, and may be loaded while it is brought up. */
export function workloadArchives(images: Image[]): Image[] {
  return images.filter(isWorkload)
}

/** All that a stack of this version of Kubernetes runs. */
export function archivesFor(images: Image[], version: string | undefined): Image[] {
  return images.filter((image) => isForVersion(image, version))
}

function isWorkload({ for: use }: Image): boolean {
  return use !== 'rke'
}

function isForVersion({ kubernetes }: Image, version: string | undefined): boolean {
  return kubernetes === undefined || version === undefined || kubernetes === kubeletVersion(version)
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
