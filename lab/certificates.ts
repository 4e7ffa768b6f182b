import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './places.ts'

/** PEM texts. */
export type Certificate = { certificate: string; privateKey: string; ca: string }

const FOLDER = join(CACHE, 'certificates')
const MONTH_SECONDS = 30 * 24 * 3600

/** The lab's own authority, and a certificate it has signed for a host name and all names under rancher.test. */
export function certificateFor(hostname: string): Certificate {
  const authority = made('ca', 'CN=Rancher HA lab', ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'])
  const names = `subjectAltName=DNS:${hostname},DNS:*.rancher.test`
  const usage = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth']
  const signer = ['-CA', join(authority, 'cert.pem'), '-CAkey', join(authority, 'key.pem')]
  const leaf = made(hostname, `CN=${hostname}`, ['-addext', names, ...usage, ...signer])
  return {
    certificate: readFileSync(join(leaf, 'cert.pem'), 'utf8'),
    privateKey: readFileSync(join(leaf, 'key.pem'), 'utf8'),
    ca: readFileSync(join(authority, 'cert.pem'), 'utf8'),
  }
}

/** The folder of a certificate and its key; made when it is not there or has less than a month to go. */
function made(name: string, subject: string, more: string[]): string {
  const folder = join(FOLDER, name)
  if (isFresh(folder)) return folder
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  const fresh = mkdtempSync(`${folder}.new-`)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(fresh, 'key.pem')]
  const args = ['-x509', '-days', '800', '-subj', `/${subject}`, ...key, '-out', join(fresh, 'cert.pem'), ...more]
  execFileSync('openssl', ['req', ...args], { stdio: 'pipe' })
  // Of two that make it at once the first one's stays.
  if (!isFresh(folder)) {
    rmSync(folder, { recursive: true, force: true })
    renameSync(fresh, folder)
  } else rmSync(fresh, { recursive: true })
  return folder
}

function isFresh(folder: string): boolean {
  const file = join(folder, 'cert.pem')
  if (!existsSync(file)) return false
  try {
    execFileSync('openssl', ['x509', '-in', file, '-noout', '-checkend', String(MONTH_SECONDS)], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
