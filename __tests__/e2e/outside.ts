import { readFile, writeFile } from 'node:fs/promises'
import { makeTls } from './eye/certificates.ts'
import { machine, on } from './eye/machines.ts'
import type { Stack } from './stack.ts'

/** Takes back what was done. */
export type Mend = () => Promise<unknown>

/** The stack's name resolves to an address where nothing listens. */
export async function moveName({ hostname }: Stack): Promise<Mend> {
  const hosts = await readFile('/etc/hosts', 'utf8')
  const moved = hosts
    .split('\n')
    .map((line) => (line.includes(` ${hostname} `) ? line.replace(/^\S+/, '127.0.0.9') : line))
  await writeFile('/etc/hosts', moved.join('\n'))
  return () => writeFile('/etc/hosts', hosts)
}

/** To itself a node shows a certificate that nobody else sees. */
export async function presentAnother(stack: Stack): Promise<Mend> {
  const node = await machine(stack.name, 'node-2')
  const { certificate, privateKey } = makeTls(stack.hostname)
  const redirect = `OUTPUT -p tcp -d ${node.address} --dport 443 -j REDIRECT --to-ports 9443`
  await on(node, `umask 077; cat >/run/other.pem <<'PEM'\n${certificate}\n${privateKey}\nPEM`)
  await on(node, 'systemd-run --unit=other-tls openssl s_server -quiet -accept 9443 -cert /run/other.pem')
  await on(node, `iptables -t nat -I ${redirect}`)
  return () => on(node, `iptables -t nat -D ${redirect}; systemctl stop other-tls`)
}
