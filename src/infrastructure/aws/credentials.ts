import type { STS } from '@aws-sdk/client-sts'
import { StackError } from '../../errors.ts'
import type { AwsSettings } from './settings.ts'

export type Session = {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  expiration: Date
}

/** @see AWS, "Configuring OpenID Connect in Amazon Web Services" of GitHub's documentation */
const AUDIENCE = 'sts.amazonaws.com'
const ANSWER_MS = 15_000

/**
 * A session of the role by the job's own OIDC token; asked for anew when it is about to end. Without a role, undefined:
 * the SDK's own chain finds what the environment has.
 */
export function credentialsOf(
  { role, idToken }: Pick<AwsSettings, 'role' | 'idToken'>,
  sts: Pick<STS, 'assumeRoleWithWebIdentity'>,
): (() => Promise<Session>) | undefined {
  if (role === undefined) return undefined
  return async () => {
    if (idToken === undefined) throw noToken(role)
    const { Credentials } = await sts.assumeRoleWithWebIdentity({
      RoleArn: role,
      RoleSessionName: 'rancher-ha',
      WebIdentityToken: await fetchToken(idToken),
    })
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = Credentials ?? {}
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration ?? new Date(Date.now() + 3_600_000),
    }
  }
}

/** The job's token for AWS. Neither it nor the token it is asked with is ever told. */
async function fetchToken({ url, token }: NonNullable<AwsSettings['idToken']>): Promise<string> {
  const place = new URL(url)
  place.searchParams.set('audience', AUDIENCE)
  const answer = await fetch(place, {
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch((cause: unknown) => {
    throw new StackError('cloud', 'The OIDC token of the job could not be had: its service does not answer.', {
      stands: 'Nothing was changed.',
      next: 'Run the same again.',
      cause,
      retry: true,
    })
  })
  const body = (await answer.json().catch(() => ({}))) as { value?: unknown }
  if (answer.ok && typeof body.value === 'string') return body.value
  throw new StackError('cloud', `The OIDC token of the job could not be had: its service answers ${answer.status}.`, {
    stands: 'Nothing was changed.',
    next: 'Give the job the permission `id-token: write`.',
  })
}

function noToken(role: string): StackError {
  return new StackError('preflight', `aws-role: ${role} needs the job's OIDC token, and this job has none.`, {
    stands: 'Nothing was changed.',
    next: 'Give the job the permission `id-token: write`, or leave aws-role out and bring credentials another way.',
  })
}

/** What a run needs its session for, at least: the machines of a new stack and the cluster on them, or a look. */
const NEEDED_MS = { build: 30 * 60_000, look: 5 * 60_000 }

/** Why a session that ends at `end` is too short; undefined when it is not. A role of ours is renewed, so it never is. */
export function sessionProblem(
  { end, renewed, builds }: { end: Date | undefined; renewed: boolean; builds: boolean },
  now: Date,
): string | undefined {
  if (end === undefined || renewed) return undefined
  const neededMs = builds ? NEEDED_MS.build : NEEDED_MS.look
  const leftMs = end.getTime() - now.getTime()
  if (leftMs >= neededMs) return undefined
  const minutes = (ms: number) => Math.max(0, Math.floor(ms / 60_000))
  return `the session ends in ${minutes(leftMs)} minutes, and this run needs ${minutes(neededMs)}.`
}
