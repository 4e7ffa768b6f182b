import { Expected } from './expected.ts'

/** The name of a stack. @throws Expected */
export function parseStackName(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(text)) {
    throw new Expected('a name of a-z, 0-9 and "-" that begins with a letter, at most 40 long')
  }
  return text
}

/** Odd, so that a split never leaves two equal halves; etcd gains nothing past 7 (etcd FAQ). @throws Expected */
export function parseNodeCount(text: string): number {
  if (!/^[357]$/.test(text)) throw new Expected('an odd number from 3 to 7')
  return Number(text)
}

/** A channel of Rancher's chart, a repository URL, or a path. @throws Expected */
export function parseChart(text: string): string {
  if (['latest', 'stable', 'alpha'].includes(text) || /^(\.{0,2}\/|[^\s:]+\.tgz$)/.test(text)) return text
  const url = URL.parse(text)
  if (url === null || !/^(https?|oci):$/.test(url.protocol)) {
    throw new Expected('latest, stable, alpha, the URL of a chart repository, or a path')
  }
  return text
}

/** The digest of a plan as the output `plan-digest` has it. @throws Expected */
export function parseDigest(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Expected('the 64 hexadecimal digits of the output plan-digest')
  return text
}

/** @throws Expected */
export function parseUid(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new Expected('the UID of the namespace kube-system')
  }
  return text.toLowerCase()
}

/** The name of an environment, as GitHub takes it. @throws Expected */
export function parseEnvironment(text: string): string {
  if (text.length > 255 || /[\n\r]/.test(text)) throw new Expected('the name of an environment, at most 255 long')
  return text
}

/** @throws Expected */
export function parseUser(text: string): string {
  if (!/^[a-z_][a-z0-9_.-]*$/i.test(text)) throw new Expected('a user name')
  return text
}

/** @throws Expected */
export function parseEmail(text: string): string {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) throw new Expected('an e-mail address')
  return text
}
