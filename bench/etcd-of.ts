import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** As objects of Kubernetes are large on average; as many in one transaction as etcd takes (1.5 MiB). */
const OBJECT_BYTES = 15_000
const AT_ONCE = 60

/** Fills a real etcd until its snapshot is about so large. @returns the path of that snapshot */
export async function etcdSnapshotOf(sizeBytes: number, etcd: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const url = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const clients = ['--listen-client-urls', url, '--advertise-client-urls', url]
  const peers = [
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
  ]
  const limits = ['--quota-backend-bytes', String(8 * 2 ** 30), '--unsafe-no-fsync', '--log-level', 'error']
  const child = spawn(etcd, ['--data-dir', join(folder, 'data'), ...clients, ...peers, ...limits], { stdio: 'inherit' })
  try {
    await untilUp(url)
    const transactions = Math.ceil(sizeBytes / (OBJECT_BYTES * AT_ONCE))
    for (let at = 0; at < transactions; at += 1) await put(url, at)
    const path = join(folder, 'snapshot')
    await saveSnapshot(url, path)
    return path
  } finally {
    child.kill('SIGKILL')
  }
}

async function put(url: string, transaction: number): Promise<void> {
  const success = Array.from({ length: AT_ONCE }, (_, index) => {
    const key = `/registry/secrets/bench/${transaction}-${index}`
    const value = randomBytes(OBJECT_BYTES).toString('base64')
    return { request_put: { key: Buffer.from(key).toString('base64'), value } }
  })
  await call(url, 'kv/txn', { success })
}

async function saveSnapshot(url: string, path: string): Promise<void> {
  const answer = await call(url, 'maintenance/snapshot', {})
  if (answer.body === null) throw new Error('etcd sent no snapshot')
  const blobs = async function* () {
    let rest = ''
    for await (const chunk of Readable.fromWeb(answer.body as never)) {
      const lines = (rest + Buffer.from(chunk as Uint8Array).toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield Buffer.from(JSON.parse(line).result.blob ?? '', 'base64')
    }
    if (rest !== '') yield Buffer.from(JSON.parse(rest).result.blob ?? '', 'base64')
  }
  await pipeline(blobs, createWriteStream(path))
}

async function call(url: string, path: string, body: object): Promise<Response> {
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`)
  if (path === 'kv/txn') await answer.arrayBuffer()
  return answer
}

async function untilUp(url: string): Promise<void> {
  const end = Date.now() + 30_000
  for (;;) {
    const up = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (up) return
    if (Date.now() > end) throw new Error('etcd did not start within 30 s')
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
