import type { Host } from '../../remote/host.ts'

/** Where the sshd of this connection listens, as the node sees it: sshd tells every session (sshd(8), SSH_CONNECTION). */
export async function findSshd(host: Host): Promise<{ address: string; port: number }> {
  const fields = (await host.run('echo "$SSH_CONNECTION"')).trim().split(' ')
  return { address: fields[2] ?? '127.0.0.1', port: Number(fields[3] ?? 22) }
}
