import { connect } from 'node:tls'
import type { Host } from '../../remote/host.ts'
import type { Recovered } from './facts.ts'
import { entry, parseState, type RkeState, runningConfig, stateCa } from './state-file.ts'

/** A state found inside the cluster, and what may be told of it; or why there is none. */
export type Recovery = { text: string; told: Recovered } | { why: string }

const FROM_API =
  'timeout 10 docker exec kube-apiserver kubectl --kubeconfig /etc/kubernetes/ssl/kubecfg-kube-controller-manager.yaml' +
  ' --request-timeout=8s -n kube-system get secret full-cluster-state -o json'
const FROM_ETCD =
  'timeout 10 docker exec etcd etcdctl --dial-timeout=2s --command-timeout=8s' +
  ' get --print-value-only /registry/secrets/kube-system/full-cluster-state'

/**
 * The state rke keeps in the cluster it made, read with a control plane's own credentials, else from etcd itself.
 * It counts only when its CA signed what the API server (and etcd, where no API server runs) presents.
 */
export async function recoverState(apiHosts: Host[], etcdHosts: Host[]): Promise<Recovery> {
  const ways = [
    ...apiHosts.map((host) => ({ host, command: FROM_API, read: fromSecret, source: 'Secret full-cluster-state' })),
    ...etcdHosts.map((host) => ({ host, command: FROM_ETCD, read: fromEtcdValue, source: 'etcd' })),
  ]
  let why = 'neither an API server nor etcd runs'
  for (const { host, command, read, source } of ways) {
    const { exitCode, stdout } = await host.try(command, { sudo: true, deadlineMs: 30_000 })
    const text = exitCode === 0 ? read(stdout) : undefined
    if (text === undefined) {
      why = `${host.node.name}: no full-cluster-state to be had from ${source}`
      continue
    }
    const state = parseState(text, `${source} on ${host.node.name}`)
    const config = runningConfig(state)
    if (config === undefined)
      why = `${source} on ${host.node.name} holds the state of a cluster that was never finished`
    else if (await isSigner(state, host)) return { text, told: { source, caFingerprint: stateCa(state), config } }
    else why = `the CA of ${source} on ${host.node.name} did not sign what the cluster presents`
  }
  return { why }
}

function fromSecret(stdout: string): string | undefined {
  const data = (JSON.parse(stdout) as { data?: Record<string, string> }).data?.['full-cluster-state']
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8')
}

/**
 * etcd holds the Secret as protobuf; where it is not encrypted at rest the JSON stands in it as it is.
 * The object begins at `{"desiredState"` and ends with its own last brace.
 */
export function fromEtcdValue(value: string): string | undefined {
  const start = value.indexOf('{"desiredState"')
  if (start < 0) return undefined
  let depth = 0
  let quoted = false
  for (let at = start; at < value.length; at++) {
    const char = value[at]
    if (quoted) {
      if (char === '\\') at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return value.slice(start, at + 1)
  }
  return undefined
}

/** Whether the state's CA signed the certificates that node presents on 6443 or, where nothing listens there, on 2379. */
async function isSigner(state: RkeState, host: Host): Promise<boolean> {
  const api = await presents(state, host, 6443)
  const etcd = await presents(state, host, 2379)
  return api !== false && etcd !== false && (api ?? etcd ?? false)
}

/** Whether a port presents a certificate of the state's CA; undefined when it presents none. */
async function presents(state: RkeState, host: Host, port: number): Promise<boolean | undefined> {
  await using forward = await host.forward(host.node.privateAddress, port)
  const client = entry(state, 'kube-node')
  return await new Promise<boolean | undefined>((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: forward.port,
      ca: entry(state, 'kube-ca').certificatePEM,
      cert: client.certificatePEM,
      key: client.keyPEM,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    const end = (answer: boolean | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(5_000, () => end(undefined))
    socket.once('secureConnect', () => end(socket.authorized))
    socket.once('error', () => end(undefined))
  })
}
