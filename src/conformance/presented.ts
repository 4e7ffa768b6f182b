import { connect, rootCertificates } from 'node:tls'

/** The certificate one place presents for a name. */
export type Presented = {
  /** SHA-256, as node writes it ("AB:CD:…"). */
  fingerprint: string
  subject: string
  validFrom: Date
  validTo: Date
  /** Whether it is made out to the name. */
  fitsName: boolean
  /** Why its chain does not end at a CA that is trusted here; undefined when it does. */
  distrust: string | undefined
}

export type Where = { address: string; port: number; hostname: string; ca: string | undefined; signal: AbortSignal }

const DEADLINE_MS = 10_000

/** Makes a TLS handshake and reads what is presented, trusted or not. @throws the system's error without a handshake */
export function readPresented({ address, port, hostname, ca, signal }: Where): Promise<Presented> {
  const { promise, resolve, reject } = Promise.withResolvers<Presented>()
  const trusted = ca === undefined ? rootCertificates : [...rootCertificates, ca]
  const socket = connect({
    host: address,
    port,
    servername: hostname,
    ca: [...trusted],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  const stop = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
  const giveUp = () => socket.destroy(new Error(`no TLS handshake with ${address}:${port}`))
  stop.addEventListener('abort', giveUp, { once: true })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`${address}:${port} was closed before the TLS handshake ended`)))
  socket.once('secureConnect', () => {
    const certificate = socket.getPeerX509Certificate()
    stop.removeEventListener('abort', giveUp)
    socket.destroy()
    if (certificate === undefined) return reject(new Error(`${address}:${port} presents no certificate`))
    resolve({
      fingerprint: certificate.fingerprint256,
      subject: certificate.subject.split('\n').join(', '),
      validFrom: new Date(certificate.validFrom),
      validTo: new Date(certificate.validTo),
      fitsName: certificate.checkHost(hostname) !== undefined,
      distrust: socket.authorized ? undefined : String(socket.authorizationError),
    })
  })
  if (stop.aborted) giveUp()
  return promise
}
