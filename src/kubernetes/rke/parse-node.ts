import { StackError } from '../../errors.ts'
import { parseRecord } from '../../remote/lease-record.ts'
import type { Container, NodeFacts } from './facts.ts'
import { type FoundState, fingerprint, type StackFile } from './state.ts'
import { stateFileName } from './state-store.ts'
import { gitVersion, parseCertificates } from './told-versions.ts'

type Said = Pick<NodeFacts, 'hostname' | 'arch' | 'os' | 'docker' | 'dockerRights' | 'freeBytes' | 'listening'> &
  Pick<NodeFacts, 'containers' | 'images' | 'etcdData' | 'ca' | 'certificates' | 'apiVersion'> &
  Pick<NodeFacts, 'state' | 'recordedMembers'> & { epochMs: number }

/**
 * The answer to the node script as facts.
 * @throws StackError of kind `ssh` when the answer is cut short
 */
export function parseNode(name: string, answer: string): Said {
  const sections = parseSections(answer)
  if (!sections.has('end'))
    throw new StackError('ssh', `${name}: its answer about itself was cut short`, { retry: true })
  const text = (key: string) => (sections.get(key) ?? '').trim()
  const lines = (key: string) =>
    text(key)
      .split('\n')
      .filter((line) => line !== '')
  const [groups = '', uid = ''] = lines('groups')
  return {
    epochMs: Number(BigInt(text('time') || '0') / 1_000_000n),
    hostname: text('hostname'),
    arch: text('arch'),
    os: osName(text('os')),
    docker: text('docker') || undefined,
    dockerRights: uid === '0' || groups.split(' ').includes('docker'),
    freeBytes: Number(text('free').split(/\s+/)[3] ?? 0) * 1024,
    listening: listeningPorts(lines('tcp')),
    containers: lines('containers').map(parseContainer),
    images: lines('images'),
    etcdData: text('etcd-data') === 'yes',
    ca: text('ca') === '' ? undefined : fingerprint(text('ca')),
    certificates: parseCertificates(text('certificates')),
    apiVersion: gitVersion(text('api')),
    state: foundState(name, text('stack'), lines('states')),
    recordedMembers: parseRecord(text('lease'))?.members ?? [],
  }
}

export function parseSections(answer: string): Map<string, string> {
  const sections = new Map<string, string>()
  for (const part of `\n${answer}`.split('\n#### ').slice(1)) {
    const end = part.indexOf('\n')
    sections.set(end < 0 ? part : part.slice(0, end).trim(), end < 0 ? '' : part.slice(end + 1))
  }
  return sections
}

function parseContainer(line: string): Container {
  const match = /^("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*") (".*?") ("[^"]*") (\d+) (.*)$/.exec(line)
  if (match === null) throw new StackError('bug', `docker inspect: a line in a form not known: ${line.slice(0, 120)}`)
  const [, name = '""', image = '""', state = '""', startedAt = '""', restarts = '0', labels = 'null'] = match
  const started = new Date(JSON.parse(startedAt) as string)
  return {
    name: (JSON.parse(name) as string).replace(/^\//, ''),
    image: JSON.parse(image) as string,
    state: JSON.parse(state) as string,
    // Docker's zero time, the year 1, stands for never.
    startedAt: started.getUTCFullYear() > 1 ? started : undefined,
    restarts: Number(restarts),
    labels: (JSON.parse(labels) as Record<string, string> | null) ?? {},
  }
}

/** Ports in state LISTEN (0A) of /proc/net/tcp and tcp6 (proc(5)). */
function listeningPorts(lines: string[]): number[] {
  const ports = lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A')
    .map((fields) => Number.parseInt((fields[1] ?? '').split(':')[1] ?? '', 16))
  return [...new Set(ports)].toSorted((a, b) => a - b)
}

function osName(release: string): string {
  return (/^PRETTY_NAME=(.*)$/m.exec(release)?.[1] ?? '').replace(/^"|"$/g, '')
}

function foundState(where: string, stack: string, sums: string[]): FoundState | undefined {
  if (stack === '') return undefined
  const file = parseStackFile(stack, where)
  const sum = sums.map((line) => line.split(/\s+/)).find(([, name]) => name === stateFileName(file.generation))
  return { ...file, where, actualSha256: sum?.[0] }
}

/** @throws StackError of kind `preflight` for a stack.json that is not ours to read. */
export function parseStackFile(text: string, where: string): StackFile {
  try {
    const file = JSON.parse(text) as Partial<StackFile>
    if (file.format === 1 && typeof file.generation === 'number' && typeof file.stateSha256 === 'string')
      return file as StackFile
  } catch {
    // Told below, the same way as a format of another version.
  }
  throw new StackError('preflight', `${where}: stack.json is of a format this version does not know`, {
    next: 'Run the version of the action that wrote it, or a newer one.',
  })
}
