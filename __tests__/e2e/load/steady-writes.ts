import { stopSignal, tell } from './child.ts'
import { atPace, type Bounds } from './pace.ts'
import { newConnections } from './request.ts'
import { type Target, throwStranger } from './target.ts'

export type WriterSettings = {
  target: Target
  /** A token of Rancher's. */
  bearer: string
  /** In which namespace of the local cluster, and how the names begin. */
  namespace: string
  prefix: string
  bounds: Bounds
}

/** What a client that writes through Rancher knows afterwards. */
export type WriterReport = {
  /** Names of ConfigMaps that were said to be stored, with the time of the answer. */
  acknowledged: { name: string; at: string }[]
  /** Names of those that may be stored or not: there was another answer, or none. */
  unknown: { name: string; at: string; reason: string }[]
}

/** Makes one ConfigMap after the other through Rancher until it is stopped, and tells as JSON which were acknowledged. */
async function main(): Promise<void> {
  const { settings, stop } = await stopSignal<WriterSettings>()
  const { target, bearer, namespace, prefix, bounds } = settings
  throwStranger(target)
  const line = newConnections(target)
  const report: WriterReport = { acknowledged: [], unknown: [] }
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  const path = `/k8s/clusters/local/api/v1/namespaces/${namespace}/configmaps`
  await atPace(bounds, stop, async (turn) => {
    const name = `${prefix}-${String(turn + 1).padStart(5, '0')}`
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { turn: String(turn) },
    })
    const { status, reason } = await line.send({ path, method: 'POST', headers, body })
    const at = new Date().toISOString()
    if (status === 201) report.acknowledged.push({ name, at })
    else report.unknown.push({ name, at, reason: reason ?? `HTTP ${status}` })
  })
  line.close()
  tell(report)
}

await main()
