import { entry, parseState } from './state-file.ts'

/** A kubeconfig in the form every Kubernetes client reads; holds the admin's private key. */
export type KubeconfigFile = {
  apiVersion: 'v1'
  kind: 'Config'
  'current-context': string
  clusters: { name: string; cluster: Record<string, string> }[]
  users: { name: string; user: Record<string, string> }[]
  contexts: { name: string; context: { cluster: string; user: string } }[]
}

/**
 * The admin's kubeconfig for an API server behind a port of this machine.
 *
 * rke's own kubeconfig points at whichever node it liked; this one names no node. The server's certificate is checked
 * against the name `kubernetes`, which every API certificate of rke carries.
 */
export function renderKubeconfig(stateText: string, name: string, port: number): KubeconfigFile {
  const state = parseState(stateText, 'cluster.rkestate')
  const admin = entry(state, 'kube-admin')
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'tls-server-name': 'kubernetes',
          'certificate-authority-data': base64(entry(state, 'kube-ca').certificatePEM),
        },
      },
    ],
    users: [
      {
        name,
        user: { 'client-certificate-data': base64(admin.certificatePEM), 'client-key-data': base64(admin.keyPEM) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
