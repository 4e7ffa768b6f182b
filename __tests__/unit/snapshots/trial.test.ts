import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, jest, test } from '@jest/globals'
import { type EtcdTools, tryRestore } from '../../../src/snapshots/trial.ts'
import { tries } from '../remedies/tries.ts'
import { never, scratch } from './make.ts'

jest.setTimeout(60_000)

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

let count = 0
const fresh = (): string => {
  count += 1
  const path = join(folder.path, `t${count}`)
  mkdirSync(path, { mode: 0o700 })
  return path
}

/** Programs that take a JSON list of keys for a snapshot: what a trial asks of etcd, without etcd. */
function scriptedTools({ starts = true } = {}): EtcdTools {
  const at = fresh()
  const program = (name: string, text: string): string => {
    const path = join(at, name)
    writeFileSync(path, `#!${process.execPath}\n${text}`, { mode: 0o755 })
    return path
  }
  const etcdutl = program(
    'etcdutl',
    `const fs = require('node:fs')
     const [, , , , file, , data] = process.argv
     const text = fs.readFileSync(file, 'utf8')
     if (text === 'broken') { console.error('expected sha256 of something else'); process.exit(1) }
     fs.mkdirSync(data); fs.writeFileSync(data + '/keys', text)`,
  )
  const etcd = program(
    'etcd',
    starts
      ? `const fs = require('node:fs'), http = require('node:http')
         const given = (flag) => process.argv[process.argv.indexOf(flag) + 1]
         const keys = JSON.parse(fs.readFileSync(given('--data-dir') + '/keys', 'utf8')).sort()
         const serve = (request, response) => {
           let text = ''
           request.on('data', (chunk) => (text += chunk)).on('end', () => {
             const { key, limit, count_only: counts } = JSON.parse(text)
             const from = Buffer.from(key, 'base64').toString()
             const page = counts ? [] : keys.filter((one) => one >= from).slice(0, limit)
             response.end(JSON.stringify({ kvs: page.map((one) => ({ key: Buffer.from(one).toString('base64') })) }))
           })
         }
         setTimeout(() => http.createServer(serve).listen(given('--listen-client-urls').slice('unix://'.length)), 300)`
      : `console.error('cannot open the database'); process.exit(2)`,
  )
  return { etcd, etcdutl }
}

function scripted(keys: string[] | 'broken'): string {
  const path = join(fresh(), 'etcd')
  writeFileSync(path, keys === 'broken' ? keys : JSON.stringify(keys))
  return path
}

const secrets = Array.from({ length: 12_000 }, (_, index) => `/registry/secrets/default/s${index}`)
const contents = { revision: 9, keys: 12_001, sizeBytes: 1, kinds: { secrets: 12_000 } }
const whole = [...secrets, 'compact_rev_key']

test('every key is read back, page by page, and the time is told', async () => {
  const at = fresh()
  const tookMs = await tryRestore(scripted(whole), contents, { tools: scriptedTools(), folder: at, signal: never })
  expect(tookMs).toBeGreaterThanOrEqual(300)
  expect(statSync(join(at, 'trial')).mode & 0o777).toBe(0o700)
})

test.each([
  ['one key fewer', whole.slice(1), '12000 of 12001 keys came back, 11999 of 12000 secrets'],
  ['one key more', [...whole, '/registry/pods/a/b'], '12002 of 12001 keys came back, 1 of 0 pods'],
  ['another kind', [...whole.slice(1), '/registry/pods/a/b'], '11999 of 12000 secrets, 1 of 0 pods'],
])('%s is told', async (_, keys, what) => {
  const trial = tryRestore(scripted(keys), contents, { tools: scriptedTools(), folder: fresh(), signal: never })
  await expect(trial).rejects.toMatchObject({ kind: 'snapshot', message: expect.stringContaining(what) })
})

test('what etcdutl does not take, and an etcd that does not start, are told in their own words', async () => {
  const tools = scriptedTools()
  await expect(tryRestore(scripted('broken'), contents, { tools, folder: fresh(), signal: never })).rejects.toThrow(
    'etcdutl does not restore it: expected sha256',
  )
  const options = { tools: scriptedTools({ starts: false }), folder: fresh(), signal: never }
  await expect(tryRestore(scripted(whole), contents, options)).rejects.toThrow(
    'etcd ended with exit code 2: cannot open the database',
  )
})

test('a run that is stopped ends its etcd', async () => {
  const at = fresh()
  const stop = AbortSignal.timeout(200)
  await expect(
    tryRestore(scripted(whole), contents, { tools: scriptedTools(), folder: at, signal: stop }),
  ).rejects.toThrow()
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  expect(processes).not.toContain(join(at, 'trial'))
})

const restores =
  (keys: string[] | 'broken', tools = scriptedTools) =>
  () =>
    tryRestore(scripted(keys), contents, { tools: tools(), folder: fresh(), signal: never })

tries('snapshot', [
  ['Run mode backup again; if it stays so, look at etcd on the nodes.', restores('broken'), restores(whole)],
])
