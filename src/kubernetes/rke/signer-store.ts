import type { Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import { stackFolder } from './state-store.ts'

const FILE = 'signer.pem'

/** The first one found, in the order of the nodes; all nodes are given the same. */
export async function readSigner(hosts: Hosts, stack: string): Promise<string | undefined> {
  for (const host of hosts.reached) {
    const { exitCode, stdout } = await host.try(`cat ${stackFolder(stack)}/${FILE}`, { sudo: true })
    if (exitCode === 0 && stdout.trim() !== '') return stdout
  }
  return undefined
}

export async function keepSigner(pem: string, hosts: Hosts, stack: string, _lease: Lease): Promise<void> {
  await Promise.all(
    hosts.reached.map(async (host) => {
      await host.run(`install -d -m 0700 /var/lib/rancher-ha ${stackFolder(stack)}`, { sudo: true })
      await host.write(`${stackFolder(stack)}/${FILE}`, pem, '0600')
    }),
  )
}
