import { certificate, installInputs } from './inputs.ts'
import { refuses } from './refuse.ts'

const mine = certificate('rancher.example.org')
const other = certificate('other.example.org')
const secret = (tls: { certificate: string; privateKey: string }) =>
  installInputs({ 'tls-source': 'secret', 'tls-certificate': tls.certificate, 'tls-private-key': tls.privateKey })

refuses([
  ['another name', secret(other), /tls-certificate: /, /other\.example\.org/, /rancher\.example\.org/],
  ['another key', secret({ ...mine, privateKey: other.privateKey }), /tls-private-key: /],
  ['no certificate', secret({ ...mine, certificate: 'hello' }), /tls-certificate: /],
])
