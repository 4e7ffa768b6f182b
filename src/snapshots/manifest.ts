import { z } from 'zod'
import type { StackError } from '../errors.ts'
import { damaged } from './damage.ts'
import type { Manifest } from './snapshot.ts'

export const MANIFEST_FILE = 'manifest.json'
/** A manifest is read into memory before it is known to be genuine. */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024

const text = z.string()
const count = z.number().int().nonnegative()
const optional = <T extends z.ZodType>(type: T) => type.optional()
/** A bare file name, so that nothing is ever written beside the folder; short enough for a plain tar header. */
const file = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/)
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const schema = z.object({
  format: z.literal(1),
  name: text,
  stack: z.object({ name: text, owner: text, ownerName: text }),
  run: z.object({ id: text, attempt: count }),
  takenAt: z.iso.datetime().transform((at) => new Date(at)),
  clusterUid: text,
  hostname: text,
  caFingerprint: text,
  distribution: z.object({ name: z.literal('rke'), snapshot: text }),
  versions: z.object({ kubernetes: optional(text), rancher: optional(text), chart: optional(text) }),
  nodes: z.array(z.object({ name: text, address: text, privateAddress: text })),
  members: z.array(text),
  etcd: z.object({ revision: count, keys: count, sizeBytes: count, kinds: z.record(text, count) }),
  asked: optional(z.record(text, z.unknown())),
  verified: z.enum(['hash', 'restore']),
  doubt: optional(text),
  parts: z.array(
    z.object({ role: z.enum(['distribution', 'state', 'values', 'signer']), file, sizeBytes: count, sha256: digest }),
  ),
})

export function renderManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
}

/** @throws StackError of kind `snapshot` when it is none of a format we know */
export function parseManifest(bytes: Buffer): Manifest {
  const parsed = schema.safeParse(parseJson(bytes))
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw unreadable(issues.join('; '))
  }
  const { versions, asked, doubt, ...rest } = parsed.data
  const { parts } = rest
  const distinct = new Set(parts.flatMap(({ role, file: name }) => [role, name]))
  if (distinct.size !== 2 * parts.length) throw unreadable('a part is named twice')
  const { kubernetes, rancher, chart } = versions
  return { ...rest, versions: { kubernetes, rancher, chart }, asked, doubt }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw unreadable('it is not JSON', cause)
  }
}

function unreadable(why: string, cause?: unknown): StackError {
  return damaged(`its manifest cannot be read: ${why}`, cause)
}
