import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import type { V1Secret } from '@kubernetes/client-node'
import type { TlsSettings } from '../settings.ts'
import { NAMESPACE, type TlsFacts } from './facts.ts'
import { FIELD_MANAGER, type Kube } from './kube.ts'

export const INGRESS_SECRET = 'tls-rancher-ingress'
export const CA_SECRET = 'tls-ca'
const CA_KEY = 'cacerts.pem'

export type GivenTls = Extract<TlsSettings, { source: 'secret' }>

/** What Secret tls-rancher-ingress holds; undefined when it is not there or holds no certificate. */
export function certificateFacts(secret: V1Secret | undefined): TlsFacts['certificate'] {
  const chain = decoded(secret, 'tls.crt')
  const certificate = chain === undefined ? undefined : parsed(chain)
  if (chain === undefined || certificate === undefined) return undefined
  return {
    fingerprint: certificate.fingerprint256,
    chainDigest: digest(chain),
    keyFits: keyFits(certificate, decoded(secret, 'tls.key')),
  }
}

/** What Secret tls-ca holds. */
export function caFacts(secret: V1Secret | undefined): TlsFacts['ca'] {
  const ca = decoded(secret, CA_KEY)
  if (ca === undefined) return undefined
  const time = secret?.metadata?.managedFields?.find(({ manager }) => manager === FIELD_MANAGER)?.time
  return { digest: digest(ca), writtenAt: time === undefined ? undefined : new Date(time) }
}

/** Whether the Secrets hold just what was given. */
export function holdsTls({ certificate, ca }: TlsFacts, given: GivenTls): boolean {
  const same = certificate?.chainDigest === digest(given.certificate) && certificate.keyFits
  return same && holdsCa(ca, given)
}

/** Whether Secret tls-ca holds the CA that was given; none given, none needed. */
export function holdsCa(ca: TlsFacts['ca'], { ca: given }: GivenTls): boolean {
  return given === undefined || ca?.digest === digest(given)
}

/** The Secrets to write: the certificate for the ingress controller, and the CA when there is one. */
export function tlsSecrets({ certificate, privateKey, ca }: GivenTls): V1Secret[] {
  const secrets = [
    secretOf(INGRESS_SECRET, 'kubernetes.io/tls', { 'tls.crt': certificate, 'tls.key': privateKey }),
    ...(ca === undefined ? [] : [secretOf(CA_SECRET, 'Opaque', { [CA_KEY]: ca })]),
  ]
  return secrets
}

/**
 * The CA that signed what the load balancer's users see: the given one, else what the chart's issuer signs
 * with (Secret tls-rancher), else the private CA Rancher was given (tls-ca); undefined: a public one.
 */
export async function findCa(kube: Kube, given?: TlsSettings): Promise<string | undefined> {
  if (given?.source === 'letsEncrypt') return undefined
  if (given?.source === 'secret' && given.ca !== undefined) return given.ca
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE }
  const [issuer, own] = await Promise.all([
    kube.get<V1Secret>({ ...ref, name: 'tls-rancher' }),
    kube.get<V1Secret>({ ...ref, name: CA_SECRET }),
  ])
  return decoded(own, CA_KEY) ?? decoded(issuer, 'tls.crt')
}

function secretOf(name: string, type: string, texts: Record<string, string>): V1Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  )
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, type, data }
}

function decoded(secret: V1Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key]
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function keyFits(certificate: X509Certificate, key: string | undefined): boolean {
  if (key === undefined) return false
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** SHA-256 of a PEM text; line ends and blank lines do not count. */
export function digest(pem: string): string {
  const lines = pem.split(/\r?\n/).map((line) => line.trim())
  return createHash('sha256')
    .update(lines.filter((line) => line !== '').join('\n'))
    .digest('hex')
}
