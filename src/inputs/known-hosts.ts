import { Expected, parseLines } from './expected.ts'

const LINE =
  /^(?:@(?:cert-authority|revoked)\s+)?\S+\s+(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+\s+[A-Za-z0-9+/]+={0,2}(?:\s.*)?$/

/** Lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), or accept-new. @throws Expected */
export function parseKnownHosts(text: string): string[] | 'accept-new' {
  if (text === 'accept-new') return text
  const lines = parseLines(text)
  const wrong = lines.find((line) => !LINE.test(line))
  if (wrong !== undefined) throw new Expected('known_hosts lines ("ADDRESS ssh-ed25519 AAAA…"), or accept-new', wrong)
  return lines
}
