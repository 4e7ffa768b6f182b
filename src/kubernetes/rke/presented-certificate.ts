import { connect, type PeerCertificate } from 'node:tls'
import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'

const DEADLINE_MS = 10_000

/** The certificate a node's API server presents now: what serves, not what lies in a file. */
export async function presentedCertificate(host: Host): Promise<{ fingerprint: string; end: Date }> {
  await using forward = await host.forward(host.node.privateAddress, 6443)
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>()
  // Only compared: with that of the state, which the CA signed.
  const socket = connect({ host: '127.0.0.1', port: forward.port, servername: 'kubernetes', rejectUnauthorized: false })
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error(`no answer within ${DEADLINE_MS / 1000} s`)))
  socket.once('secureConnect', () => resolve(socket.getPeerCertificate()))
  socket.once('error', reject)
  try {
    const { fingerprint256, valid_to: end } = await promise
    return { fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(), end: new Date(end) }
  } catch (cause) {
    const why = (cause as Error).message
    throw new StackError('kubernetes', `${host.node.name}: its API server presents no certificate: ${why}`, {
      stands: 'The new certificates are kept on every node.',
      next: 'Look at kube-apiserver on that node, then run mode upgrade again.',
      retry: true,
      cause,
    })
  } finally {
    socket.destroy()
  }
}
