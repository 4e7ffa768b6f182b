import { expect, test } from '@jest/globals'
import { KubeConfig } from '@kubernetes/client-node'
import { renderKubeconfig } from '../../../../src/kubernetes/rke/kubeconfig.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { STATE } from './world.ts'

test('a Kubernetes client reads it: a port of this machine, checked against the name kubernetes and the CA of the state', () => {
  const config = new KubeConfig()
  config.loadFromString(JSON.stringify(renderKubeconfig(STATE, 'rancher', 40123)))
  const bundle = parseState(STATE, 'fixture').currentState.certificatesBundle
  const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString()
  expect(config.getCurrentCluster()).toMatchObject({
    server: 'https://127.0.0.1:40123',
    tlsServerName: 'kubernetes',
    skipTLSVerify: false,
  })
  expect(decode(config.getCurrentCluster()?.caData)).toBe(bundle?.['kube-ca']?.certificatePEM)
  expect(decode(config.getCurrentUser()?.certData)).toBe(bundle?.['kube-admin']?.certificatePEM)
})
