// What answers on the lab's internet, run inside its network: the API of AWS, handed on to the stand-in through a socket
// of the file system, and checkip.amazonaws.com. Usage: internet.ts SOCKET CERTIFICATE KEY
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer } from 'node:net'
import { ADDRESSES, API_PORT } from './places.ts'

const [socket = '', certificate = '', key = ''] = process.argv.slice(2)

createServer((from) => {
  const to = connect(socket)
  // Either end may go at any time; the other one is then of no use.
  from.on('error', () => to.destroy())
  to.on('error', () => from.destroy())
  from.pipe(to)
  to.pipe(from)
}).listen(API_PORT, ADDRESSES.services)

createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, answer) => {
  const from = (request.socket.remoteAddress ?? '').replace('::ffff:', '')
  answer.end(`${from === ADDRESSES.inside ? ADDRESSES.insidePublic : from}\n`)
}).listen(443, ADDRESSES.services)
