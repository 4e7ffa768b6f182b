import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { EtcdMember, WantedCluster } from '../distribution.ts'
import { type ApiFacts, askApi } from './api-facts.ts'
import { askEtcd } from './etcd.ts'
import { kubeletVersion } from './versions.ts'

/** What is seen after a change, all at one moment. */
export type Seen = {
  api: ApiFacts | undefined
  etcd: EtcdMember[]
  /** When each node's kubelet was started, by that node's clock. */
  kubeletStartedAt: Record<string, Date | undefined>
}

/**
 * Waits until the running cluster is what was wanted: rke's own "finished successfully" is also said over an etcd
 * member that crashes for ever, and Ready may be a memory of the time before the change.
 *
 * @throws StackError of kind `kubernetes` that names the nodes and ends with what their containers said last
 */
export async function proveCluster(
  hosts: Hosts,
  wanted: Pick<WantedCluster, 'nodes'>,
  version: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<ApiFacts> {
  const endsAt = Date.now() + deadlineMs
  for (;;) {
    signal.throwIfAborted()
    const seen = await look(hosts)
    const problems = findProblems(seen, wanted, version)
    if (problems.length === 0 && seen.api !== undefined) return seen.api
    if (Date.now() > endsAt) throw await notProven(problems, hosts)
    await sleep(1_000, undefined, { signal })
  }
}

/** What is not as it should be, a line a finding; empty when every member and every node is as wanted. */
export function findProblems(seen: Seen, wanted: Pick<WantedCluster, 'nodes'>, version: string): string[] {
  const names = wanted.nodes.map(({ name }) => name).toSorted()
  const leaders = seen.etcd.filter(({ leader }) => leader)
  return [
    ...names.flatMap((name) =>
      etcdProblems(
        seen.etcd.find(({ node }) => node === name),
        name,
        names,
      ),
    ),
    ...(leaders.length === 1 ? [] : [`etcd has ${leaders.length} leaders`]),
    ...(seen.api === undefined
      ? ['no API server answers']
      : names.flatMap((name) => nodeProblems(seen, name, version))),
  ]
}

function etcdProblems(member: EtcdMember | undefined, name: string, names: string[]): string[] {
  if (member === undefined) return [`${name}: etcd does not run`]
  if (!member.healthy) return [`${name}: etcd is not healthy: ${member.problem}`]
  const knows = member.knows.toSorted()
  return knows.join() === names.join() ? [] : [`${name}: etcd knows ${knows.join(', ')}, expected ${names.join(', ')}`]
}

function nodeProblems({ api, kubeletStartedAt }: Seen, name: string, version: string): string[] {
  const node = api?.nodes.find((one) => one.name === name)
  if (node === undefined) return [`${name}: no such Node in Kubernetes`]
  const startedAt = kubeletStartedAt[name]
  if (startedAt === undefined) return [`${name}: its kubelet does not run`]
  if (node.leaseRenewedAt === undefined || node.leaseRenewedAt < startedAt) {
    return [`${name}: its Lease was not renewed since its kubelet was started`]
  }
  if (!node.ready) return [`${name}: not Ready`]
  if (node.version !== kubeletVersion(version))
    return [`${name}: expected kubelet ${kubeletVersion(version)}, got ${node.version}`]
  return []
}

async function look(hosts: Hosts): Promise<Seen> {
  const [{ facts }, etcd, started] = await Promise.all([
    askApi(hosts.reached),
    Promise.all(hosts.reached.map(askEtcd)),
    Promise.all(hosts.reached.map(async (host) => [host.node.name, await kubeletStart(host)] as const)),
  ])
  return { api: facts, etcd: etcd.map(({ member }) => member), kubeletStartedAt: Object.fromEntries(started) }
}

async function kubeletStart(host: Host): Promise<Date | undefined> {
  const format = "'{{if .State.Running}}{{.State.StartedAt}}{{end}}'"
  const { stdout } = await host.try(`docker inspect --format ${format} kubelet`, { sudo: true })
  return stdout.trim() === '' ? undefined : new Date(stdout.trim())
}

async function notProven(problems: string[], hosts: Hosts): Promise<StackError> {
  const named = hosts.reached.filter((host) => problems.some((problem) => problem.startsWith(`${host.node.name}:`)))
  const tails = await Promise.all(
    named.map(async (host) => {
      const about = problems.some((problem) => problem.startsWith(`${host.node.name}: etcd`)) ? 'etcd' : 'kubelet'
      const { stdout, stderr } = await host.try(`docker logs --tail 3 ${about} 2>&1`, { sudo: true })
      return `${host.node.name}, ${about}: ${(stdout + stderr).trim().slice(-600)}`
    }),
  )
  return new StackError('kubernetes', [...problems, ...tails].join('\n'), {
    stands: 'What rke built stands, and its state is kept on the nodes.',
    next: 'Run again: a member that does not come up is taken out and joined anew.',
    retry: true,
  })
}
