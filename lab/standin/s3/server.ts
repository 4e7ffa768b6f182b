import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Fault, faultList } from '../actions-services/faults.ts'

type StoredObject = { body: Buffer; metadata: Record<string, string>; encryption: string | undefined }
type Upload = { key: string; parts: Map<number, Buffer> } & Omit<StoredObject, 'body'>

export type S3 = AsyncDisposable & {
  /** `http://127.0.0.1:PORT`. */
  url: string
  /** Objects by "bucket/key"; what is not whole is not among them. */
  objects: Map<string, StoredObject>
  /** Uploads that were begun and neither completed nor given up. */
  uploads: Map<string, Upload>
  /** Operations by their names in S3's API, in order of arrival. */
  operations: string[]
  /** Faults still to come; each is used up by the requests it meets. */
  faults: Fault[]
}

/** Stand-in of S3 on the loopback, path style, for the unchanged official client: what a store of files asks of it. */
export async function startS3(): Promise<S3> {
  const objects: S3['objects'] = new Map()
  const uploads: S3['uploads'] = new Map()
  const operations: string[] = []
  const faults: Fault[] = []
  const pending = faultList(faults)
  const server = createServer((request, response) => {
    void serve(request, response).catch((cause) => response.destroy(cause))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request)
    const { pathname, searchParams: query } = new URL(request.url ?? '/', url)
    const operation = operationOf(request.method ?? 'GET', pathname, query)
    operations.push(operation)
    const fault = pending.take(operation)
    if (fault?.status !== undefined) return refuse(response, fault.status, 'InternalError')
    if (request.headers.authorization === undefined) return refuse(response, 403, 'AccessDenied')
    if (!isWhole(request, body)) return refuse(response, 400, 'BadDigest')
    const path = decodeURIComponent(pathname.slice(1))
    const world = { objects, uploads, request, response, body, query, path, fault }
    ;(OPERATIONS[operation] ?? unknownOperation)(world)
  }

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, objects, uploads, operations, faults, [Symbol.asyncDispose]: close }
}

type World = Pick<S3, 'objects' | 'uploads'> & {
  request: IncomingMessage
  response: ServerResponse
  body: Buffer
  query: URLSearchParams
  path: string
  fault: Fault | undefined
}

function operationOf(method: string, pathname: string, query: URLSearchParams): string {
  const isObject = /^\/[^/]+\/./.test(pathname)
  if (!isObject) return query.has('list-type') ? 'ListObjectsV2' : 'Unknown'
  if (query.has('uploads')) return 'CreateMultipartUpload'
  if (query.has('partNumber')) return 'UploadPart'
  if (query.has('uploadId')) return method === 'POST' ? 'CompleteMultipartUpload' : 'AbortMultipartUpload'
  return { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? 'Unknown'
}

const OPERATIONS: Record<string, (world: World) => void> = {
  ListObjectsV2({ objects, query, path, response }) {
    const bucket = path.replace(/\/$/, '')
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .filter((key) => !key.slice(prefix.length).includes('/'))
    const rows = keys.map((key) => {
      const size = objects.get(key)?.body.length
      return `<Contents><Key>${key.slice(bucket.length + 1)}</Key><Size>${size}</Size></Contents>`
    })
    answerXml(response, `<ListBucketResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListBucketResult>`)
  },
  PutObject({ objects, request, response, path, body }) {
    if (isTaken(objects, request, path)) return refuse(response, 412, 'PreconditionFailed')
    objects.set(path, { body, ...headersOf(request) })
    response.writeHead(200, { etag: '"stand-in"' }).end()
  },
  CreateMultipartUpload({ uploads, request, response, path }) {
    const id = randomBytes(8).toString('hex')
    uploads.set(id, { key: path, parts: new Map(), ...headersOf(request) })
    answerXml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  },
  UploadPart({ uploads, response, query, body }) {
    const upload = uploads.get(query.get('uploadId') ?? '')
    if (upload === undefined) return refuse(response, 404, 'NoSuchUpload')
    upload.parts.set(Number(query.get('partNumber')), body)
    const sha256 = createHash('sha256').update(body).digest('base64')
    response.writeHead(200, { etag: `"${query.get('partNumber')}"`, 'x-amz-checksum-sha256': sha256 }).end()
  },
  CompleteMultipartUpload({ objects, uploads, request, response, query, path }) {
    const id = query.get('uploadId') ?? ''
    const upload = uploads.get(id)
    if (upload === undefined) return refuse(response, 404, 'NoSuchUpload')
    if (isTaken(objects, request, path)) return refuse(response, 412, 'PreconditionFailed')
    const { key, parts, ...rest } = upload
    const inOrder = [...parts].toSorted(([one], [other]) => one - other).map(([, part]) => part)
    objects.set(key, { body: Buffer.concat(inOrder), ...rest })
    uploads.delete(id)
    answerXml(response, '<CompleteMultipartUploadResult><ETag>"stand-in"</ETag></CompleteMultipartUploadResult>')
  },
  AbortMultipartUpload({ uploads, query, response }) {
    uploads.delete(query.get('uploadId') ?? '')
    response.writeHead(204).end()
  },
  HeadObject: read,
  GetObject: read,
  DeleteObject({ objects, path, response }) {
    objects.delete(path)
    response.writeHead(204).end()
  },
}

function read({ objects, request, response, path, fault }: World): void {
  const found = objects.get(path)
  if (found === undefined) return void refuse(response, 404, 'NoSuchKey')
  const meta = Object.entries(found.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  response.writeHead(200, { 'content-length': found.body.length, etag: '"stand-in"', ...Object.fromEntries(meta) })
  if (request.method === 'HEAD') return void response.end()
  if (fault?.truncateAtBytes === undefined) return void response.end(found.body)
  response.write(found.body.subarray(0, fault.truncateAtBytes), () => response.destroy())
}

function unknownOperation({ response }: World): void {
  refuse(response, 501, 'NotImplemented')
}

function headersOf({ headers }: IncomingMessage): Omit<StoredObject, 'body'> {
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)])
  const encryption = headers['x-amz-server-side-encryption']
  return { metadata: Object.fromEntries(metadata), encryption: encryption && String(encryption) }
}

function isTaken(objects: S3['objects'], { headers }: IncomingMessage, path: string): boolean {
  return headers['if-none-match'] === '*' && objects.has(path)
}

/** What is sent with its checksum is compared with it. */
function isWhole({ headers }: IncomingMessage, body: Buffer): boolean {
  const said = headers['x-amz-checksum-sha256']
  return said === undefined || said === createHash('sha256').update(body).digest('base64')
}

function answerXml(response: ServerResponse, xml: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`)
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} was asked for</Message></Error>`)
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
