import { X509Certificate } from 'node:crypto'
import type { NodeFacts } from './facts.ts'

/** Only its key is used, to sign tokens; that of its certificate ends is of no consequence. */
const KEY_HOLDER = 'kube-service-account-token'

/** The files of /etc/kubernetes/ssl, each after a line "@@ name.pem"; what is no certificate is left out. */
export function parseCertificates(text: string): NodeFacts['certificates'] {
  return `\n${text}`
    .split('\n@@ ')
    .slice(1)
    .flatMap((part) => {
      const end = part.indexOf('\n')
      const name = part
        .slice(0, Math.max(end, 0))
        .trim()
        .replace(/\.pem$/, '')
      const certificate = end < 0 || name === KEY_HOLDER ? undefined : parsed(part.slice(end + 1))
      return certificate === undefined ? [] : [{ name, endsAt: certificate.validToDate, isCa: certificate.ca }]
    })
}

/** "v1.32.6" of what an API server says at /version; undefined for any other answer. */
export function gitVersion(answer: string): string | undefined {
  try {
    const { gitVersion } = JSON.parse(answer) as { gitVersion?: unknown }
    return typeof gitVersion === 'string' ? gitVersion : undefined
  } catch {
    return undefined
  }
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
