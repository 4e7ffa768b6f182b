import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { credentialsOf } from '../../../../src/infrastructure/aws/credentials.ts'
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

/** Takes the role by the token that a service answers with; nobody answers where there is no status. */
const takes =
  (status: number | undefined, role: string | undefined = ROLE) =>
  async () => {
    const server = createServer((_request, response) => {
      response.writeHead(status ?? 500).end(JSON.stringify(status === 200 ? { value: 'token' } : {}))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?x=1`
    const close = () => new Promise((resolve) => server.close(resolve))
    if (status === undefined) await close()
    try {
      await credentialsOf({ role, idToken: { url, token: 'of the job' } }, sts as unknown as Sts)?.()
    } finally {
      if (status !== undefined) {
        server.closeAllConnections()
        await close()
      }
    }
  }
const without = (role: string | undefined) => () =>
  credentialsOf({ role, idToken: undefined }, sts as unknown as Sts)?.()

tries('cloud', [
  ['Run the same again.', takes(undefined), takes(200)],
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
