import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { join } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Api } from '../distribution.ts'
import { type KubeconfigFile, renderKubeconfig } from './kubeconfig.ts'
import { obtainState } from './obtain-state.ts'

/**
 * Opens the API through the first control plane that says it is ready to the admin; an anonymous answer would not do:
 * the API server refuses anonymous callers the same way with and without etcd.
 *
 * @param folder the run's private folder; the kubeconfig is written there, mode 0600, and removed on closing
 * @throws StackError of kind `kubernetes` when no control plane is ready
 */
export async function openClusterApi(hosts: Hosts, stack: string, folder: string): Promise<Api> {
  const obtained = await obtainState(hosts, stack, undefined)
  if (obtained === undefined) throw new StackError('kubernetes', 'there is no cluster on these nodes')
  const problems: string[] = []
  for (const host of hosts.reached) {
    const opened = await openThrough(host, obtained.text, stack, folder)
    if (typeof opened !== 'string') return opened
    problems.push(`${host.node.name}: ${opened}`)
  }
  throw new StackError('kubernetes', `no API server is ready (${problems.join('; ')})`, { retry: true })
}

async function openThrough(host: Host, stateText: string, stack: string, folder: string): Promise<Api | string> {
  const forward = await host.forward(host.node.privateAddress, 6443)
  const kubeconfig = renderKubeconfig(stateText, stack, forward.port)
  const problem = await askReady(kubeconfig, forward.port)
  if (problem !== undefined) {
    await forward[Symbol.asyncDispose]()
    return problem
  }
  const kubeconfigFile = join(folder, `kubeconfig-${randomBytes(4).toString('hex')}.yaml`)
  // JSON is YAML, and a kubeconfig may be either.
  await writeFile(kubeconfigFile, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 })
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromString(JSON.stringify(kubeconfig))
  return {
    config,
    kubeconfigFile,
    async [Symbol.asyncDispose]() {
      await rm(kubeconfigFile, { force: true })
      await forward[Symbol.asyncDispose]()
    },
  }
}

/** What keeps the API server from being ready, told with the admin's credentials; undefined when it is. */
async function askReady(kubeconfig: KubeconfigFile, port: number): Promise<string | undefined> {
  const decode = (part: Record<string, string> | undefined, key: string) => Buffer.from(part?.[key] ?? '', 'base64')
  const [cluster, user] = [kubeconfig.clusters[0]?.cluster, kubeconfig.users[0]?.user]
  return await new Promise((resolve) => {
    const request = get(
      {
        host: '127.0.0.1',
        port,
        path: '/readyz',
        servername: 'kubernetes',
        ca: decode(cluster, 'certificate-authority-data'),
        cert: decode(user, 'client-certificate-data'),
        key: decode(user, 'client-key-data'),
        timeout: 5_000,
        agent: false,
      },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200 ? undefined : `readyz answered ${response.statusCode}`)
      },
    )
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')))
    request.once('error', (error) => resolve(error.message))
  })
}
