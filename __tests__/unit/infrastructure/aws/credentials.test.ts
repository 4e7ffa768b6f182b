import { credentialsOf } from '../../../../src/infrastructure/aws/credentials.ts'
import { serveTokens } from '../../../fakes/tokens.ts'
import { tries } from '../../remedies/tries.ts'

const ROLE = 'arn:aws:iam::123456789012:role/rancher-ha'
const session = {
  AccessKeyId: 'AKIA',
  SecretAccessKey: 'secret',
  SessionToken: 'session',
  Expiration: new Date('2027-01-01T00:00:00Z'),
}
const sts = { assumeRoleWithWebIdentity: async () => ({ Credentials: session, $metadata: {} }) }
type Sts = Parameters<typeof credentialsOf>[1]

/** Takes the role by the token that a service answers with. */
const takes = (status: number) => async () => {
  await using tokens = await serveTokens(status)
  await credentialsOf({ role: ROLE, idToken: tokens.idToken }, sts as unknown as Sts)?.()
}
const unanswered = async () => {
  const { idToken, ...service } = await serveTokens()
  await service[Symbol.asyncDispose]()
  await credentialsOf({ role: ROLE, idToken }, sts as unknown as Sts)?.()
}
const without = (role: string | undefined) => () =>
  credentialsOf({ role, idToken: undefined }, sts as unknown as Sts)?.()

tries('cloud', [
  ['Run the same again.', unanswered, takes(200)],
  ['Give the job the permission `id-token: write`.', takes(403), takes(200)],
])

tries('preflight', [
  [
    'Give the job the permission `id-token: write`, or leave aws-role out and bring credentials another way.',
    without(ROLE),
    takes(200),
    without(undefined),
  ],
])
