import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Made = { certificate: string; privateKey: string }

/** A self-signed certificate (its own CA) for a name, by openssl. */
export function makeCertificate(hostname: string, days = 30): Made {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  try {
    const [key, certificate] = [join(folder, 'key'), join(folder, 'crt')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const name = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`]
    const out = ['-keyout', key, '-out', certificate, '-days', String(days)]
    execFileSync('openssl', ['req', '-x509', ...curve, ...name, ...out], { stdio: 'pipe' })
    return { certificate: readFileSync(certificate, 'utf8'), privateKey: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
