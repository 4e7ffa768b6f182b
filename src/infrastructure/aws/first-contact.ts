import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Node } from '../../node.ts'
import type { Access, Host } from '../../remote/host.ts'
import { openHosts } from '../../remote/ssh.ts'
import { NODE_PATHS } from './user-data.ts'

/** What is said to a machine before it is a node like the others, and to one whose end is put off. */
export interface FirstContact {
  /** Waits until the machine has done what its user data says; it then makes its own host key. @returns the public half */
  makeHostKey(node: Node, signal: AbortSignal): Promise<string>
  /** Takes the throw-away key from a machine whose own key is known. */
  dropFirstHostKey(node: Node, signal: AbortSignal): Promise<void>
  /** Sets when a machine ends itself. */
  setExpiry(node: Node, expires: Date, signal: AbortSignal): Promise<void>
}

/** Docker is installed from the archive meanwhile. */
const BOOT_MS = 10 * 60_000

const MAKE_KEY = `set -eu
for _ in $(seq 1 300); do [ -e ${NODE_PATHS.ready} ] && break; sleep 2; done
[ -e ${NODE_PATHS.ready} ] || { tail -n 5 ${NODE_PATHS.log} >&2; exit 1; }
[ -s ${NODE_PATHS.hostKey} ] || ssh-keygen -q -t ed25519 -N '' -C '' -f ${NODE_PATHS.hostKey}
install -d /etc/ssh/sshd_config.d
printf 'HostKey %s\\n' ${NODE_PATHS.firstHostKey} ${NODE_PATHS.hostKey} >/etc/ssh/sshd_config.d/00-rancher-ha.conf
sshd -t && systemctl reload ssh
cat ${NODE_PATHS.hostKey}.pub`

const DROP_KEY = `set -eu
[ -s ${NODE_PATHS.hostKey} ]
printf 'HostKey %s\\n' ${NODE_PATHS.hostKey} >/etc/ssh/sshd_config.d/00-rancher-ha.conf
rm -f ${NODE_PATHS.firstHostKey} ${NODE_PATHS.firstHostKey}.pub
sshd -t && systemctl reload ssh`

/**
 * Over SSH, pinned to the key the machine was born with, or to its own.
 *
 * @param folder the run's private folder
 */
export function sshFirstContact({
  access,
  folder,
  open = openHosts,
}: {
  access: (folder: string) => Promise<Access>
  folder: string
  open?: typeof openHosts
}): FirstContact {
  async function ask(node: Node, signal: AbortSignal, act: (host: Host) => Promise<string>): Promise<string> {
    await using cleanup = new AsyncDisposableStack()
    const own = await mkdtemp(join(folder, 'first-contact-'))
    cleanup.defer(() => rm(own, { recursive: true, force: true }))
    const options = { folder: own, signal, waitForBoot: true, deadlineMs: BOOT_MS }
    // It is no node yet, and so does not count as running; its sshd is what is waited for.
    const hosts = cleanup.use(await open([{ ...node, state: 'running' }], await access(own), options))
    const host = hosts.get(node.name)
    if (host !== undefined) return await act(host)
    throw new StackError('ssh', `${node.name} at ${node.address} cannot be reached: ${hosts.unreached[0]?.why}`, {
      next: 'Look at its console output, and whether the runner reaches port 22 (runner-cidr, aws-address), then run again.',
      retry: true,
    })
  }
  const command = (script: string) => (host: Host) =>
    host.run('bash -s', { sudo: true, input: script, deadlineMs: BOOT_MS })

  return {
    async makeHostKey(node, signal) {
      const said = await ask(node, signal, command(MAKE_KEY))
      const key = /^ssh-ed25519 \S+/m.exec(said)?.[0]
      if (key !== undefined) return key
      throw new StackError('ssh', `${node.name} made no host key of its own: it said ${JSON.stringify(said.trim())}.`)
    },
    async dropFirstHostKey(node, signal) {
      await ask(node, signal, command(DROP_KEY))
    },
    async setExpiry(node, expires, signal) {
      const content = `${Math.floor(expires.getTime() / 1000)}\n`
      await ask(node, signal, async (host) => {
        await host.write(NODE_PATHS.expires, content, '0644')
        return ''
      })
    },
  }
}
