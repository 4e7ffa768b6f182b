import { createHash } from 'node:crypto'

export type Endpoint = { address: string; port: number }

/** How known_hosts names an endpoint. @see sshd(8), SSH_KNOWN_HOSTS FILE FORMAT */
export function knownHostsName({ address, port }: Endpoint): string {
  return port === 22 ? address : `[${address}]:${port}`
}

/**
 * The known_hosts lines that count for one machine: its own pinned keys when it has any, else the lines the user gave,
 * among which OpenSSH itself finds those that match (they may be hashed, or hold patterns).
 */
export function knownHostsLines(machine: Endpoint & { hostKeys: string[] }, given: string[]): string[] {
  if (machine.hostKeys.length === 0) return given
  return machine.hostKeys.map((key) => `${knownHostsName(machine)} ${key}`)
}

/**
 * "ssh-ed25519 SHA256:…" of a public key ("ssh-ed25519 AAAA… comment"), spelled as OpenSSH prints it.
 * @see RFC 4253 6.6 for the blob; ssh-keygen(1) -l for the spelling
 */
export function fingerprint(publicKey: string): string {
  const [type = '', blob = ''] = publicKey.trim().split(/\s+/)
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')
  return `${type} SHA256:${digest}`
}

/** Fingerprints of all keys that stand in known_hosts lines, each once. */
export function fingerprintsOf(lines: string[]): string[] {
  const keys = lines.map((line) => /(?:ssh|ecdsa|sk)-\S+\s+AAAA\S+/.exec(line)?.[0])
  return [...new Set(keys.filter((key) => key !== undefined).map(fingerprint))]
}
