// Tries the mutants of the pure core room by room, each in a Stryker of its own, and writes bench/MUTATION.md. A room
// whose code, tests and tools are as they were when its report was written is not tried again. Rooms, or single files of
// them, can be named.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Measured, type Report, renderPage } from './mutation/page.ts'
import { ROOMS, type Room } from './mutation/rooms.ts'

const root = resolve(import.meta.dirname, '..')
const out = resolve(root, '.out', 'mutation')
const TOOLS = ['stryker.config.json', 'package-lock.json', 'scripts/mutation/{plugin,harness,properties}.ts']
/** Which lines of a file are changed, where not all are. */
const LINES = /:\d+-\d+$/
/** Where an import names another file of this project. */
const IMPORT = /from '(\.[^']+)'/g

mkdirSync(out, { recursive: true })
const only = process.argv.slice(2)
const chosen = ROOMS.map((room) => {
  const isWhole = only.length === 0 || only.includes(room.name)
  return { room, mutate: isWhole ? room.mutate : room.mutate.filter((file) => only.includes(withoutLines(file))) }
}).filter(({ mutate }) => mutate.length > 0)
if (chosen.length === 0)
  throw new Error(`no such room: ${only.join(', ')}; there are ${ROOMS.map(({ name }) => name).join(', ')}`)
const broken = chosen.filter(({ room, mutate }) => !tryRoom(room, mutate)).map(({ room }) => room.name)

const measured = ROOMS.flatMap((room) => (existsSync(fileOf(room)) ? [read(room)] : []))
const { page, told } = renderPage(measured, ROOMS.length)
writeFileSync(resolve(root, 'bench', 'MUTATION.md'), page)
console.log(`bench/MUTATION.md: ${told}`)
if (broken.length > 0) {
  console.error(`Not tried: ${broken.join(', ')}. A room is tried only where all its tests pass.`)
  process.exitCode = 1
}

function fileOf({ name }: Room): string {
  return resolve(out, `${name}.json`)
}

function read(room: Room): Measured {
  return JSON.parse(readFileSync(fileOf(room), 'utf8')) as Measured
}

/** @returns whether there is a report of how these files of the room are now */
function tryRoom(room: Room, mutate: string[]): boolean {
  const key = keyOf(room)
  const before = existsSync(fileOf(room)) ? read(room) : undefined
  if (before?.key === key) {
    console.log(`${room.name}: as it was`)
    return true
  }
  console.log(`${room.name}: ${mutate.map(withoutLines).join(', ')}`)
  const raw = resolve(out, 'room.json')
  rmSync(raw, { force: true })
  const began = performance.now()
  const env = { ...process.env, MUTATION_TESTS: room.tests.join() }
  const { status } = spawnSync('stryker', ['run', '--mutate', mutate.join()], { cwd: root, env, stdio: 'inherit' })
  if (status !== 0 || !existsSync(raw)) return false
  const seconds = Math.round((performance.now() - began) / 1000)
  const { files } = JSON.parse(readFileSync(raw, 'utf8')) as Report
  const isWhole = mutate.length === room.mutate.length
  const report: Measured = isWhole
    ? { key, seconds, files }
    : { key: 'in parts', seconds: before?.seconds ?? seconds, files: { ...before?.files, ...files } }
  // Written whole, so that a run that is killed leaves no half of a report.
  writeFileSync(`${fileOf(room)}.new`, JSON.stringify(report))
  renameSync(`${fileOf(room)}.new`, fileOf(room))
  return true
}

function withoutLines(file: string): string {
  return file.replace(LINES, '')
}

/** The digest of all that the room's outcome hangs on: its files, and what they and the tests import of this project. */
function keyOf({ mutate, tests }: Room): string {
  const sum = createHash('sha256')
  const seen = new Set<string>()
  const add = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    sum.update(`${file.slice(root.length)}\0${text}\0`)
    if (file.endsWith('.ts')) for (const [, to = ''] of text.matchAll(IMPORT)) add(resolve(dirname(file), to))
  }
  const given = [...mutate, ...tests, ...TOOLS].flatMap((pattern) => {
    const files = globSync(withoutLines(pattern), { cwd: root })
    if (files.length === 0) throw new Error(`${pattern} is not there`)
    return files
  })
  for (const file of given) add(resolve(root, file))
  return sum.digest('hex')
}
