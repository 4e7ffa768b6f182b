import { type Machine, on } from './machines.ts'

export type Member = { name: string; healthy: boolean; leader: boolean; knows: string[]; revision: number }

type Status = { Endpoint: string; Status: { header: { member_id: number; revision: number }; leader: number } }
type MemberList = { members: { name?: string; isLearner?: boolean }[] }

/** What the etcd member of a machine says at its own endpoint; a member that does not answer is not healthy. */
export async function member(machine: Machine): Promise<Member> {
  const dead = { name: machine.hostname, healthy: false, leader: false, knows: [], revision: 0 }
  if (!machine.running) return dead
  try {
    await etcdctl(machine, 'endpoint health')
    const [status] = JSON.parse(await etcdctl(machine, 'endpoint status -w json')) as Status[]
    const list = JSON.parse(await etcdctl(machine, 'member list -w json')) as MemberList
    if (status === undefined) return dead
    return {
      name: machine.hostname,
      healthy: true,
      leader: status.Status.leader === status.Status.header.member_id,
      knows: list.members.map((each) => each.name ?? '(not started)').sort(),
      revision: status.Status.header.revision,
    }
  } catch {
    return dead
  }
}

/** etcdctl inside the machine's own etcd container, at its own endpoint, with its own certificate. */
export function etcdctl(machine: Machine, command: string): Promise<string> {
  const certificate = `/etc/kubernetes/ssl/kube-etcd-${machine.address.replaceAll('.', '-')}`
  const settings = {
    ETCDCTL_API: '3',
    ETCDCTL_CACERT: '/etc/kubernetes/ssl/kube-ca.pem',
    ETCDCTL_CERT: `${certificate}.pem`,
    ETCDCTL_KEY: `${certificate}-key.pem`,
    ETCDCTL_ENDPOINTS: `https://${machine.address}:2379`,
  }
  const environment = Object.entries(settings).map(([name, value]) => `-e ${name}=${value}`)
  return on(machine, `timeout 20 docker exec ${environment.join(' ')} etcd etcdctl ${command}`)
}
