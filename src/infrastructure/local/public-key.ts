/** "ssh-ed25519 AAAA…" of a public key file, without the comment; undefined when there is none in it. */
export function publicKeyIn(content: string | undefined): string | undefined {
  return /^ssh-\S+ \S+/.exec(content ?? '')?.[0]
}
