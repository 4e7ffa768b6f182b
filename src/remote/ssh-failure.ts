/** Why a connection did not come to be, from what the ssh client said. */
export type SshFailure =
  /** Never tried again: somebody else may be answering. `presented` is "ssh-ed25519 SHA256:…" when ssh said it. */
  | { kind: 'host-key'; presented: string | undefined }
  /** The machine answers and does not let us in; normal while it boots. */
  | { kind: 'auth'; why: string }
  | { kind: 'unreachable'; why: string }

/** @param said standard error of an ssh client at LogLevel DEBUG1 */
export function judgeFailure(said: string): SshFailure {
  if (/^Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for/m.test(said)) {
    return { kind: 'host-key', presented: /Server host key: (\S+ SHA256:\S+)/.exec(said)?.[1] }
  }
  const told = lastWords(said)
  if (/Permission denied|Too many authentication failures|no such identity/i.test(told)) {
    return { kind: 'auth', why: told }
  }
  return { kind: 'unreachable', why: told === '' ? 'ssh ended without a word' : told }
}

/** What ssh said last that is meant for people: no debug line, no blank. */
export function lastWords(said: string): string {
  const lines = said.split(/\r?\n/).map((line) => line.trim())
  const spoken = lines.filter((line) => line !== '' && !/^(debug\d|OpenSSH_|Authenticated to|Transferred:)/.test(line))
  return spoken.slice(-2).join('; ')
}
