import { expect } from 'expect'
import { type Member, member } from './eye/etcd.ts'
import { clusterUid, openKubectl, rancherReplicas, readyNodes } from './eye/kubernetes.ts'
import { machines, on } from './eye/machines.ts'
import { curl } from './eye/web.ts'
import { type Done, type Stack, succeeds } from './stack.ts'
import { until } from './until.ts'

const three = ['node-1', 'node-2', 'node-3']

/** What another eye sees of a healthy stack, to be compared from stage to stage. */
export type Seen = { uid: string; ca: string; versions: Record<string, string> }

/** All that makes three nodes a highly available Rancher, asked of kubectl, etcdctl and curl, never of our own code. */
export async function expectHealthy(stack: Stack, nodes = three): Promise<Seen> {
  const seen = await expectCluster(stack, nodes)
  expect(await rancherReplicas(await openKubectl(stack.name))).toEqual(nodes)
  return seen
}

/** The same but for where the replicas of Rancher are: the chart's default, `antiAffinity: preferred`, lets two share a node. */
export async function expectCluster(stack: Stack, nodes = three): Promise<Seen> {
  const members = await membersOf(stack)
  expect(members.map(({ name, healthy, knows }) => ({ name, healthy, knows: knows.length }))).toEqual(
    nodes.map((name) => ({ name, healthy: true, knows: 3 })),
  )
  expect(members.filter((each) => each.leader)).toHaveLength(1)

  const kubectl = await openKubectl(stack.name)
  const versions = await readyNodes(kubectl)
  expect(Object.keys(versions).sort()).toEqual(nodes)
  await expectRancherAnswers(stack)
  return { uid: await clusterUid(kubectl), ca: await authorityOf(stack), versions }
}

/** Through the load balancer, by name, with a certificate that is verified; plain HTTP is sent there. */
export async function expectRancherAnswers(stack: Stack): Promise<void> {
  expect(await curl(stack.view, '/ping')).toMatchObject({ status: 200, body: 'pong', error: '' })
  const plain = await curl(stack.view, `http://${stack.hostname}/`)
  expect([301, 302, 307, 308]).toContain(plain.status)
  expect(plain.location).toMatch(new RegExp(`^https://${stack.hostname}(:443)?/`))
}

/**
 * Waits, by another eye, until a stack that was hurt has come back by itself, and stays.
 *
 * @param inARow looks that have to find it healthy, one after the other: what was just started again may answer from before
 */
export async function untilHealthy(stack: Stack, deadlineMs: number, inARow = 5): Promise<void> {
  let healthy = 0
  await until(`stack ${stack.name} healthy again`, deadlineMs, async () => {
    const before = healthy
    healthy = 0
    if (await isHealthy(stack)) healthy = before + 1
    return healthy === inARow
  })
}

async function isHealthy(stack: Stack): Promise<boolean> {
  const members = await membersOf(stack)
  if (!members.every((each) => each.healthy)) return false
  const kubectl = await openKubectl(stack.name)
  const ready = Object.keys(await readyNodes(kubectl))
  if (ready.length < 3 || (await rancherReplicas(kubectl)).length < 3) return false
  return (await curl(stack.view, '/ping')).status === 200
}

export async function membersOf(stack: Stack): Promise<Member[]> {
  return Promise.all((await machines(stack.name)).map(member))
}

/** Every sentence of the recommended architecture was asked and answered yes. */
export function expectAllYes(done: Done): void {
  expect(done.rows.length).toBeGreaterThanOrEqual(10)
  expect(done.rows.filter((row) => !row.ok)).toEqual([])
  for (const row of done.rows) expect(row.evidence).not.toBe('')
}

/** The one authority of the cluster, equal on all nodes that run; its digest. */
async function authorityOf(stack: Stack): Promise<string> {
  const running = (await machines(stack.name)).filter((machine) => machine.running)
  const digests = await Promise.all(running.map((machine) => on(machine, 'sha256sum </etc/kubernetes/ssl/kube-ca.pem')))
  const [digest = '', ...others] = [...new Set(digests)]
  expect(others).toEqual([])
  return digest
}

/** A run that found the stack as it was asked for. */
export function expectNothingDone({ outputs, plan }: Pick<Done, 'outputs' | 'plan'>): void {
  expect({ changed: outputs['changed'], plan }).toEqual({ changed: 'false', plan: [] })
}

/** What an install of these inputs finds: the stack as it was asked for. */
export async function expectNothingLeft(stack: Stack, inputs: Record<string, string> = {}): Promise<void> {
  expectNothingDone(await succeeds(stack.install(inputs)))
}
