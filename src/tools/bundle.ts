import { execFile } from 'node:child_process'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { StackError } from '../errors.ts'
import { verifyFile } from './checksum.ts'

/** An air-gap bundle, unpacked. Files are absolute paths. */
export type Bundle = {
  tools: { name: string; version: string; file: string; sha256: string }[]
  images: BundleImage[]
  charts: { name: string; version: string; file: string; sha256: string }[]
}

/**
 * An archive that `docker load` takes; what it holds, and which part of the stack needs it. One that a single version
 * of Kubernetes needs names it, as its kubelet does ("v1.32.6").
 */
export type BundleImage = {
  file: string
  sha256: string
  names: string[]
  for: ImageUse
  kubernetes?: string | undefined
}

export type ImageUse = 'rke' | 'rancher' | 'cert-manager' | 'ingress'

const file = z
  .string()
  .refine((path) => !isAbsolute(path) && !normalize(path).startsWith('..'), 'must lie in the bundle')
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest')
const versioned = z.object({ name: z.string(), version: z.string(), file, sha256 })
const manifest = z.object({
  format: z.literal(1),
  tools: z.array(versioned),
  images: z.array(
    z.object({
      file,
      sha256,
      names: z.array(z.string()),
      for: z.enum(['rke', 'rancher', 'cert-manager', 'ingress']),
      kubernetes: z.string().optional(),
    }),
  ),
  charts: z.array(versioned),
})

const run = promisify(execFile)

/**
 * @param path a directory, or a tar or tar.gz, which is unpacked below `folder`
 * @throws StackError of kind `preflight` when it is not a bundle of a format we know
 */
export async function openBundle(path: string, folder: string): Promise<Bundle> {
  const root = await unpack(path, folder)
  const parsed = manifest.safeParse(await readManifest(root, path))
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw notABundle(path, `bundle.json does not fit: ${issues.join('; ')}`)
  }
  const { tools, images, charts } = parsed.data
  const placed = <T extends { file: string }>(entry: T): T => ({ ...entry, file: join(root, entry.file) })
  return { tools: tools.map(placed), images: images.map(placed), charts: charts.map(placed) }
}

/** @returns the chart's file, checked; undefined when the bundle has no such chart. "v1.2.3" and "1.2.3" are one. */
export async function findBundleChart({ charts }: Bundle, name: string, version: string): Promise<string | undefined> {
  const bare = (text: string) => text.replace(/^v/, '')
  const chart = charts.find((one) => one.name === name && bare(one.version) === bare(version))
  if (chart === undefined) return undefined
  await verifyFile(chart.file, chart.sha256, `airgap-bundle, chart ${name} ${version}`)
  return chart.file
}

async function unpack(path: string, folder: string): Promise<string> {
  const { isDirectory } = await stat(path).then(
    (stats) => ({ isDirectory: stats.isDirectory() }),
    (cause) => {
      throw notABundle(path, 'it cannot be read', cause)
    },
  )
  if (isDirectory) return path
  const root = join(folder, 'bundle')
  await mkdir(root, { recursive: true, mode: 0o700 })
  await run('tar', ['-xf', path, '-C', root]).catch((cause) => {
    throw notABundle(path, 'it is not a tar that can be unpacked', cause)
  })
  return root
}

async function readManifest(root: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(root, 'bundle.json'), 'utf8'))
  } catch (cause) {
    throw notABundle(path, 'it has no readable bundle.json at its top', cause)
  }
}

function notABundle(path: string, why: string, cause?: unknown): StackError {
  return new StackError('preflight', `airgap-bundle: ${path} is no bundle: ${why}.`, {
    stands: 'Nothing was changed.',
    next: 'Give the directory or tar that was built as a bundle.',
    cause,
  })
}
