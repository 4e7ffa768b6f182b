/** A part of the pure core, and the tests that are to see every change of it. */
export type Room = { name: string; mutate: string[]; tests: string[] }

const room = (name: string, folder: string, mutate: string[], tests: string[]): Room => ({
  name,
  mutate: mutate.map((file) => `src/${folder}${file}.ts`),
  tests: tests.map((file) => `__tests__/unit/${folder}${file}.test.ts`),
})

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
  room('local', 'infrastructure/local/', ['plan', 'refuse', 'subnet', 'names'], ['plan', 'refuse', 'names', 'subnet']),
  room('schedule', '', ['schedule'], ['run-steps']),
  room(
    'github',
    'github/',
    ['marker', 'occasion', 'refused', 'still-wanted', 'told'],
    ['occasion', 'marker', 'refused'],
  ),
  room('report', 'report/', ['format', 'gantt', 'support'], ['format', 'gantt']),
  // Last, for its tests wait for real connections.
  room('conformance', 'conformance/', ['balancer-forwards', 'odd-nodes', 'flows'], ['balancer', 'verdicts']),
]
