import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'

export type BlobStore = {
  sizeBytes(path: string): number | undefined
  remove(path: string): void
  /** Serves the part of Azure's blob protocol that the clients use. */
  answer(request: IncomingMessage, body: Buffer, response: ServerResponse, fault: Fault | undefined): void
}

/** A signed address as the clients expect one: account, container, blob, and a signature (which they mask in the log). */
export function signedUrl(base: string, path: string): string {
  return new URL(`${path}?sig=${randomBytes(8).toString('hex')}`, base).href
}

/** Blobs in memory: written whole, or as blocks and then their list; read whole or by range. */
export function blobStore(): BlobStore {
  const blobs = new Map<string, Buffer>()
  const blocks = new Map<string, Map<string, Buffer>>()

  function write(path: string, query: URLSearchParams, body: Buffer): number {
    const waiting = blocks.get(path) ?? new Map<string, Buffer>()
    switch (query.get('comp')) {
      case 'block':
        blocks.set(path, waiting.set(query.get('blockid') ?? '', body))
        return 201
      case 'blocklist': {
        const listed = blockIds(body).map((id) => waiting.get(id))
        if (listed.some((block) => block === undefined)) return 400
        blobs.set(path, Buffer.concat(listed as Buffer[]))
        blocks.delete(path)
        return 201
      }
      default:
        blobs.set(path, body)
        return 201
    }
  }

  return {
    sizeBytes: (path) => blobs.get(path)?.length,
    remove: (path) => void blobs.delete(path),
    answer(request, body, response, fault) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://blob.invalid')
      if (!searchParams.has('sig')) return void response.writeHead(403).end()
      if (request.method === 'PUT') {
        return void response.writeHead(write(pathname, searchParams, body), VALIDATORS).end()
      }
      const blob = blobs.get(pathname)
      if (blob === undefined) return void response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end()
      read(blob, request, response, fault)
    },
  }
}

const VALIDATORS = {
  'x-ms-request-id': 'stand-in',
  'x-ms-request-server-encrypted': 'true',
  etag: '"stand-in"',
  'last-modified': 'Mon, 23 Nov 2026 00:00:00 GMT',
}

/** The ids in the order of the list, from `<Latest>`, `<Committed>` and `<Uncommitted>`. */
function blockIds(list: Buffer): string[] {
  const entries = list.toString().matchAll(/<(Latest|Committed|Uncommitted)>([^<]+)<\/\1>/g)
  return [...entries].map(([, , id]) => id as string)
}

function read(blob: Buffer, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(String(request.headers['x-ms-range'] ?? request.headers.range ?? ''))
  const from = asked === null ? 0 : Number(asked[1])
  const to = asked?.[2] ? Math.min(Number(asked[2]), blob.length - 1) : blob.length - 1
  const slice = blob.subarray(from, to + 1)
  response.writeHead(asked === null ? 200 : 206, {
    ...VALIDATORS,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'content-length': slice.length,
    'x-ms-blob-type': 'BlockBlob',
    ...(asked === null ? {} : { 'content-range': `bytes ${from}-${to}/${blob.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  if (fault?.truncateAtBytes !== undefined) {
    return void response.write(slice.subarray(0, fault.truncateAtBytes), () => response.destroy())
  }
  response.end(fault?.corrupt ? flipped(slice) : slice)
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy.writeUInt8(copy.readUInt8(middle) ^ 1, middle)
  return copy
}
