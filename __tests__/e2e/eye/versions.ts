import { openKubectl } from './kubernetes.ts'
import { machines } from './machines.ts'
import { curl, type View } from './web.ts'

/** What one node runs, by the word of what runs there. */
export type Running = { apiServer: string; kubelet: string }

/** Asks each API server at its own address, and each kubelet through it, for the version it was built as. */
export async function runningVersions(stack: string): Promise<Record<string, Running>> {
  const asked = (await machines(stack)).map(async (machine) => {
    const kubectl = await openKubectl(stack, machine)
    const { gitVersion } = JSON.parse(await kubectl('get', '--raw', '/version')) as { gitVersion: string }
    const metrics = await kubectl('get', '--raw', `/api/v1/nodes/${machine.hostname}/proxy/metrics`)
    const kubelet = /^kubernetes_build_info\{.*git_version="([^"]+)"/m.exec(metrics)?.[1] ?? 'it does not say'
    return [machine.hostname, { apiServer: gitVersion, kubelet }] as const
  })
  return Object.fromEntries(await Promise.all(asked))
}

/** What Rancher says it is, through the load balancer ("v2.11.3"). */
export async function rancherVersion(view: View): Promise<string> {
  const answer = await curl(view, '/rancherversion')
  if (answer.status !== 200) throw new Error(`/rancherversion: ${answer.status} ${answer.body} ${answer.error}`)
  return (JSON.parse(answer.body) as { Version: string }).Version
}
