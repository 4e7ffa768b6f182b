import { createReadStream, createWriteStream } from 'node:fs'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { StackError } from '../../errors.ts'
import { formatPlace } from '../places.ts'
import type { Place } from '../snapshot.ts'
import type { Packed, Store, Stored } from './store.ts'

/** Parts go up two at a time; S3 takes 10,000 of them, so a snapshot may have 160 GB. */
const PART_BYTES = 16 * 1024 * 1024
const PARTS_AT_ONCE = 2
const CHUNK_BYTES = 256 * 1024

/** A bucket of S3, or of what speaks it. Credentials, region and endpoint are the SDK's own affair (AWS_*). */
export function s3Store(place: Place & { kind: 's3' }): Store {
  const { bucket: Bucket, prefix } = place
  let opened: Promise<Opened> | undefined
  const open = () => {
    opened ??= openClient()
    return opened
  }
  const name = (ref: string) => `s3://${Bucket}/${ref}`

  return {
    place,
    async preflight() {
      const { sdk, client } = await open()
      try {
        await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }))
        return []
      } catch (error) {
        const what = `${formatPlace(place)} cannot be listed: ${reasonOf(error)}.`
        const next =
          'Check bucket, AWS_REGION and the credentials; they need s3:ListBucket, s3:GetObject, s3:PutObject.'
        return [{ kind: 'snapshot', subject: 'backup-to', what, next }]
      }
    },

    async list(abortSignal) {
      const { sdk, client } = await open()
      const Prefix = prefix === '' ? '' : `${prefix}/`
      const stored: Stored[] = []
      await said(formatPlace(place), async () => {
        const request = { Bucket, Prefix, Delimiter: '/' }
        for await (const { Contents } of sdk.paginateListObjectsV2({ client }, request, { abortSignal })) {
          for (const { Key = '', Size = 0 } of Contents ?? []) {
            stored.push({ file: posix.basename(Key), ref: Key, sizeBytes: Size })
          }
        }
      })
      return stored
    },

    async put(packed, signal) {
      const Key = posix.join(prefix, packed.file)
      await said(name(Key), () => upload(open, { Bucket, Key }, packed, signal))
      return { ref: Key, url: undefined }
    },

    async fetch(ref, folder, abortSignal) {
      const { sdk, client } = await open()
      const path = posix.join(folder, posix.basename(ref))
      await said(name(ref), async () => {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key: ref }), { abortSignal })
        if (!(Body instanceof Readable)) throw new Error('it has no content')
        await pipeline(Body, createWriteStream(path, { mode: 0o600 }), { signal: abortSignal })
      })
      return path
    },

    async remove(ref, abortSignal) {
      const { sdk, client } = await open()
      await said(name(ref), () => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: ref }), { abortSignal }))
    },
  }
}

type Opened = { sdk: typeof import('@aws-sdk/client-s3'); client: S3Client }

async function openClient(): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-s3')
  return { sdk, client: new sdk.S3Client({ followRegionRedirects: true }) }
}

type Address = { Bucket: string; Key: string }

/** In parts, each with its checksum; the object appears once all are there, and only where there is none. */
async function upload(
  open: () => Promise<Opened>,
  address: Address,
  { path, sha256, sizeBytes }: Packed,
  signal: AbortSignal,
): Promise<void> {
  const [{ sdk, client }, { Upload }] = await Promise.all([open(), import('@aws-sdk/lib-storage')])
  const abort = new AbortController()
  signal.addEventListener('abort', () => abort.abort(), { once: true })
  signal.throwIfAborted()
  const sending = new Upload({
    client,
    params: {
      ...address,
      Body: createReadStream(path, { highWaterMark: CHUNK_BYTES }),
      ChecksumAlgorithm: 'SHA256',
      ServerSideEncryption: 'AES256',
      IfNoneMatch: '*',
      Metadata: { sha256 },
    },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
    abortController: abort,
  })
  try {
    await sending.done()
  } catch (error) {
    // An answer that was lost leaves what was sent: the next attempt then finds its own object there.
    if (statusOf(error) !== 412) throw error
  }
  const { ContentLength, Metadata } = await client.send(new sdk.HeadObjectCommand(address))
  if (ContentLength === sizeBytes && Metadata?.['sha256'] === sha256) return
  throw new Error(`there is another object of ${ContentLength} bytes`)
}

async function said<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new StackError('snapshot', `${subject}: ${reasonOf(cause)}`, {
      next: 'Check the bucket and the credentials: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject.',
      retry: (statusOf(cause) ?? 0) >= 500,
      cause,
    })
  }
}

function reasonOf(error: unknown): string {
  const { name, message } = error as S3ServiceException
  return name === 'Error' || message.startsWith(name) ? message : `${name}: ${message}`
}

function statusOf(error: unknown): number | undefined {
  return (error as Partial<S3ServiceException>).$metadata?.httpStatusCode
}
