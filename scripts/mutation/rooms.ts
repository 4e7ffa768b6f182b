import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** A part of the pure core, and the tests that are to see every change of it. */
export type Room = { name: string; mutate: string[]; tests: string[] }

const room = (name: string, folder: string, mutate: string[], tests: string[]): Room => ({
  name,
  mutate: mutate.map((file) => `src/${folder}${file}.ts`),
  tests: tests.map((file) => `__tests__/unit/${folder}${file}.test.ts`),
})

/** A file from the line that begins so on: what stands above it asks the world, and is no decision. */
function onwards(file: string, beginning: string): string {
  const lines = readFileSync(resolve(import.meta.dirname, '..', '..', file), 'utf8').split('\n')
  const first = lines.findIndex((line) => line.startsWith(beginning))
  if (first < 0) throw new Error(`No line of ${file} begins with "${beginning}".`)
  return `${file}:${first + 1}-${lines.length}`
}

/** In the order in which they are tried: what decides on data comes first. */
export const ROOMS: Room[] = [
  room('quorum', '', ['quorum'], ['quorum']),
  room('versions', 'versions/', ['path', 'fits', 'resolve', 'version'], ['version', 'fits', 'resolve', 'path']),
  room('snapshots', 'snapshots/', ['retention', 'names', 'judge'], ['retention', 'names', 'judge']),
  room('way-back', 'modes/', ['way-back'], ['way-back']),
  room('restore-strategy', 'modes/', ['restore-strategy'], ['restore-strategy']),
  room('lease-record', 'remote/', ['lease-record'], ['lease-record']),
  room(
    'rke',
    'kubernetes/rke/',
    ['plan', 'refuse', 'refuse-state', 'versions'],
    ['plan', 'refuse', 'refuse-upgrade', 'restore', 'prove', 'cluster-yml', 'told-versions'],
  ),
  room('rancher', 'rancher/', ['plan', 'refuse'], ['plan', 'refuse', 'refuse-upgrade']),
  room(
    'inputs',
    'inputs/',
    [
      ...['choice', 'cidr', 'duration', 'expected', 'host', 'hostname', 'known-hosts', 'nearest', 'refuse'],
      ...['registry-credentials', 'version'],
    ],
    ['parsers', 'host', 'nearest', 'snapshots', 'refuse', 'inputs'],
  ),
  room(
    'local',
    'infrastructure/local/',
    ['plan', 'refuse', 'subnet', 'names'],
    ['plan-of-facts', 'refuse-of-facts', 'names', 'subnet'],
  ),
  room('schedule', '', ['schedule'], ['schedule', 'run-steps']),
  room(
    'github',
    'github/',
    ['marker', 'occasion', 'refused', 'still-wanted', 'told'],
    ['occasion', 'marker', 'refused'],
  ),
  room('report', 'report/', ['format', 'gantt', 'support'], ['format', 'gantt']),
  // Last, for its tests wait for real connections.
  {
    name: 'conformance',
    mutate: [
      'src/conformance/odd-nodes.ts',
      'src/conformance/flows.ts',
      onwards('src/conformance/balancer-forwards.ts', 'export function judgeForwarding'),
    ],
    tests: ['verdicts', 'balancer'].map((name) => `__tests__/unit/conformance/${name}.test.ts`),
  },
]
