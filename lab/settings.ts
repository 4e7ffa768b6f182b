import { stringify } from 'yaml'
import { certificateFor } from './certificates.ts'
import { BUNDLE } from './places.ts'
import { rkeConfig } from './rke-config.ts'
import { IMAGES, OLDER, VERSIONS } from './versions.ts'

export { BIN, BUNDLE, CACHE, DOCKER_HOST } from './places.ts'
export { IMAGES, OLDER, VERSIONS } from './versions.ts'

export const LOCAL_IMAGE = IMAGES.machine

/**
 * The action's public inputs for a stack in the lab, all but the mode: a certificate of the lab's authority, the
 * bundle, and what is peculiar to its machines and its stand-in of Rancher.
 *
 * @param name of the stack
 * @param overrides further inputs, or others in the place of these
 */
export function labInputs({
  name,
  hostname,
  ...overrides
}: { name: string; hostname: string } & Record<string, string>): Record<string, string> {
  const { certificate, privateKey, ca } = certificateFor(hostname)
  return {
    provider: 'local',
    name,
    hostname,
    distribution: 'rke',
    'kubernetes-version': VERSIONS.rkeKubernetes,
    'rancher-version': VERSIONS.rancher,
    'airgap-bundle': BUNDLE,
    'local-image': LOCAL_IMAGE,
    'rke-config': rkeConfig(),
    'helm-values': stringify(RANCHER_VALUES),
    'tls-source': 'secret',
    'tls-certificate': certificate,
    'tls-private-key': privateKey,
    'tls-ca': ca,
    ...overrides,
  }
}

/** Inputs that differ for a stack that is yet to be upgraded to the lab's own versions. */
export const OLDER_INPUTS = {
  'kubernetes-version': OLDER.rkeKubernetes,
  'rancher-version': OLDER.rancher,
  'rke-config': rkeConfig(OLDER.kubernetes),
}

/** Images of the stand-in in the place of Rancher's; its chart says which release of them. */
const RANCHER_VALUES = {
  rancherImage: 'rancher-ha-lab/rancher',
  rancherImagePullPolicy: 'IfNotPresent',
  auditLog: { level: 1, image: { repository: repository(IMAGES.shell), tag: tag(IMAGES.shell) } },
  postDelete: { image: { repository: repository(IMAGES.shell), tag: tag(IMAGES.shell) } },
  extraEnv: [{ name: 'RANCHER_WEBHOOK_IMAGE', value: 'rancher-ha-lab/rancher-webhook' }],
}

function repository(image: string): string {
  return image.slice(0, image.lastIndexOf(':'))
}

function tag(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1)
}
