import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import type { KubernetesObject, V1Secret } from '@kubernetes/client-node'
import type { TlsSettings } from '../settings.ts'
import { NAMESPACE, RELEASE, type TlsFacts } from './facts.ts'
import { FIELD_MANAGER, type Kube } from './kube.ts'
import { readReleaseOf } from './release.ts'
import { isTree, type Values } from './values.ts'

export const INGRESS_SECRET = 'tls-rancher-ingress'
export const CA_SECRET = 'tls-ca'
const CA_KEY = 'cacerts.pem'
/** The authority that Rancher makes up for itself; the chart's issuer signs with it. */
const ISSUER_SECRET = 'tls-rancher'

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

const SIGNED = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', namespace: NAMESPACE, name: INGRESS_SECRET }

/** Whether cert-manager keeps the certificate of Rancher's Ingress. */
export async function isSigned(kube: Kube): Promise<boolean> {
  const certificate = await kube.get<KubernetesObject>(SIGNED)
  const owners = certificate?.metadata?.ownerReferences ?? []
  return owners.some(({ kind, name, controller }) => controller === true && kind === 'Ingress' && name === RELEASE)
}

/**
 * Ends that cert-manager keeps it. An Ingress that names no issuer any more leaves its Certificate behind
 * (github.com/cert-manager/cert-manager/issues/4212), by which Secrets that are written are overwritten.
 */
export async function endSigning(kube: Kube): Promise<void> {
  if (await isSigned(kube)) await kube.remove(SIGNED)
}

/** The Secrets to write: the certificate for the ingress controller, and the CA when there is one. */
export function tlsSecrets(given: GivenTls): V1Secret[] {
  const { certificate, privateKey } = given
  const data = { 'tls.crt': certificate, 'tls.key': privateKey }
  return [secretOf(INGRESS_SECRET, 'kubernetes.io/tls', data), ...caSecrets(given)]
}

/** The Secret of the CA, which pods of Rancher need to start; none for a public one. */
export function caSecrets({ ca }: GivenTls): V1Secret[] {
  return ca === undefined ? [] : [secretOf(CA_SECRET, 'Opaque', { [CA_KEY]: ca })]
}

/**
 * The CA that signed what the load balancer's users see; undefined for a public one. The given one, else what the values
 * of the running release say: Secrets of a former certificate stay when another source is chosen.
 */
export async function findCa(kube: Kube, given?: TlsSettings): Promise<string | undefined> {
  if (given?.source === 'secret' && given.ca !== undefined) return given.ca
  const release = await readReleaseOf(kube, NAMESPACE, RELEASE)
  const kept = release && keptCa(release.values)
  if (kept === undefined) return undefined
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE }
  return decoded(await kube.get<V1Secret>({ ...ref, name: kept.secret }), kept.key)
}

/**
 * Where the CA stands by a release's values: `privateCA` has it in a Secret of its own, `ingress.tls.source: rancher`,
 * the chart's default, has Rancher's own signed by (ranchermanager.docs.rancher.com, Helm chart options).
 */
function keptCa({ privateCA, ingress }: Values): { secret: string; key: string } | undefined {
  if (privateCA) return { secret: CA_SECRET, key: CA_KEY }
  const tls = isTree(ingress) ? ingress['tls'] : undefined
  const source = (isTree(tls) ? tls['source'] : undefined) ?? 'rancher'
  return source === 'rancher' ? { secret: ISSUER_SECRET, key: 'tls.crt' } : undefined
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
