import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Tls = { ca: string; certificate: string; privateKey: string }

/** A certificate authority nobody knows, and a certificate of it for one name. */
export function makeTls(hostname: string, days = 90): Tls {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  try {
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      String(days),
      '-subj',
      '/CN=lab authority',
    )
    openssl('req', ...key, '-keyout', 'tls.key', '-out', 'tls.csr', '-subj', `/CN=${hostname}`)
    writeFileSync(join(folder, 'ext'), `subjectAltName=DNS:${hostname}\nextendedKeyUsage=serverAuth\n`)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    openssl('x509', '-req', '-in', 'tls.csr', ...authority, '-days', String(days), '-extfile', 'ext', '-out', 'tls.pem')
    return { ca: read('ca.pem'), certificate: read('tls.pem'), privateKey: read('tls.key') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
