import type { X509Certificate } from 'node:crypto'
import { late } from '../late.ts'
import { Expected } from './expected.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** One or more certificates in PEM, the server's own first. @throws Expected */
export function parseCertificates(text: string): string {
  const blocks = text.match(BLOCK) ?? []
  if (blocks.length === 0) throw new Expected('certificates in PEM, from "-----BEGIN CERTIFICATE-----" on', '')
  blocks.forEach((block, index) => {
    if (read(block) === undefined) throw new Expected(`readable certificates in PEM (number ${index + 1} is not)`, '')
  })
  return `${blocks.join('\n')}\n`
}

/** Why this certificate cannot serve this name at this time; undefined when it can. */
export function certificateProblem(pem: string, hostname: string, now: Date): string | undefined {
  const certificate = new late.crypto.X509Certificate(pem)
  if (certificate.checkHost(hostname) === undefined) {
    const names = certificate.subjectAltName ?? certificate.subject
    return `expected a certificate for ${hostname}, got one for ${names.replaceAll('\n', ', ')}`
  }
  if (certificate.validToDate <= now) {
    return `expected a certificate that is valid now, got one that ended ${certificate.validToDate.toISOString()}`
  }
  if (certificate.validFromDate > now) {
    return `expected a certificate that is valid now, got one that begins ${certificate.validFromDate.toISOString()}`
  }
  return undefined
}

/** Whether the key is the one of the first certificate. */
export function isKeyOf(pem: string, privateKey: string): boolean {
  const { X509Certificate, createPrivateKey } = late.crypto
  return new X509Certificate(pem).checkPrivateKey(createPrivateKey(privateKey))
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new late.crypto.X509Certificate(pem)
  } catch {
    return undefined
  }
}
