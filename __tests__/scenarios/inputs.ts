import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const hosts = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => `ubuntu@${address}`).join('\n')
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Qk3wTpFRyyDcrQ9ZGZyHqTzzo9XrxuO3yEXQbKlq1'

/** Inputs of an install that nothing is wrong with; a case changes the ones it is about. */
export function installInputs(changed: Record<string, string> = {}): Record<string, string> {
  return {
    mode: 'install',
    provider: 'hosts',
    name: 'rancher',
    hostname: 'rancher.example.org',
    distribution: 'rke',
    hosts,
    'load-balancer': '10.0.0.10',
    'ssh-private-key': key(),
    'ssh-known-hosts': ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => `${address} ${hostKey}`).join('\n'),
    ...changed,
  }
}

/** A new private key, locked with a passphrase when one is given. */
export function key(passphrase = ''): string {
  return inFolder((folder) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', '', '-f', join(folder, 'id')])
    return readFileSync(join(folder, 'id'), 'utf8')
  })
}

/** A self-signed certificate for one name, with its key. */
export function certificate(hostname: string, days = 30): { certificate: string; privateKey: string } {
  return inFolder((folder) => {
    const [keyFile, file] = [join(folder, 'tls.key'), join(folder, 'tls.crt')]
    const subject = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`, '-days', String(days)]
    const files = ['-nodes', '-keyout', keyFile, '-out', file]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject, ...files],
      {
        stdio: 'ignore',
      },
    )
    return { certificate: readFileSync(file, 'utf8'), privateKey: readFileSync(keyFile, 'utf8') }
  })
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
