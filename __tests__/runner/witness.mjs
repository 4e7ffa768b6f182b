/** Preloaded into a run under test: tells, at its end, each socket opened, name looked up and process started. */

import channel from 'node:diagnostics_channel'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'

const file = process.env.WITNESS_FILE
const tell = (what) => appendFileSync(file, `${what}\n`)

channel.subscribe('net.client.socket', () => tell('tcp socket'))
channel.subscribe('udp.socket', () => tell('udp socket'))
channel.subscribe('child_process', ({ process: child }) => tell(`process ${child.spawnfile}`))
for (const [home, name] of [
  [dns, 'lookup'],
  [dns.promises, 'lookup'],
  [dns.promises, 'resolve'],
]) {
  const original = home[name]
  home[name] = (...args) => {
    tell(`name ${args[0]}`)
    return original.apply(home, args)
  }
}
