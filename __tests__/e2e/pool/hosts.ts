import { expect } from '@jest/globals'
import { IMAGES } from '../../../lab/versions.ts'
import { output } from '../eye/command.ts'
import { type Machine, machine, machines, on, wipe } from '../eye/machines.ts'
import { traces } from '../eye/traces.ts'
import { addMachine, asHosts, balance, hostInputs, letIn, makeGround, nameGround, publicHalf } from '../ground.ts'
import { expectAllYes, expectHealthy, expectNothingDone } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { act, failsWith, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

export const hosts: Case[] = [
  {
    name: 'provider hosts on the same machines: the same cluster, nothing to do',
    from: 'healthy',
    deadlineMs: minutes(6),
    async run(stack) {
      const before = await expectHealthy(stack)
      const ground = await asHosts(stack)
      const done = await succeeds(stack.install(ground.inputs))
      expectNothingDone(done)
      expectAllYes(done)
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'provider hosts, bare machines: the same outcome',
    from: 'bare',
    deadlineMs: minutes(20),
    async run(stack) {
      const ground = await makeGround(stack)
      await nameGround(stack, ground)
      expectAllYes(await succeeds(stack.install(ground.inputs)))
      await expectHealthy(stack)
      const again = await succeeds(stack.install(ground.inputs))
      expectNothingDone(again)
    },
  },
  {
    name: 'a node replaced by one with another name and address: three healthy members, the same cluster',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      const { privateKey, balancer } = await asHosts(stack)
      const old = await machine(stack.name, 'node-2')
      await wipe(old)
      const container = old.container.replace(/node-2$/, '')
      await addMachine(stack, `${container}net`, 'node-4', old.address.replace(/\d+$/, '24'))
      const hosts = await machines(stack.name)
      for (const host of hosts) await letIn(host, publicHalf(privateKey))
      await balance(`${container}lb`, hosts)
      const done = await succeeds(stack.install(await hostInputs(hosts, balancer, privateKey)))
      expectAllYes(done)
      const after = await expectHealthy(stack, ['node-1', 'node-3', 'node-4'])
      expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: before.uid, ca: before.ca })
    },
  },
  {
    name: 'destroy on hosts leaves nothing of ours, and everything of others',
    from: 'healthy',
    deadlineMs: minutes(8),
    async run(stack) {
      const { inputs, hosts } = await asHosts(stack)
      for (const host of hosts) await on(host, plant)
      const { 'airgap-bundle': _bundle, ...rest } = inputs
      const mode = { mode: 'destroy', 'last-snapshot': 'false' }
      const destroy = { ...mode, name: stack.name, confirm: stack.hostname, ...rest }
      await succeeds(act('hosts', destroy))
      for (const host of hosts) expect(await remains(host)).toEqual(nothingOfOurs)
      const again = await succeeds(act('hosts', destroy))
      expect(again.outputs['changed']).toBe('false')
    },
  },
  {
    name: 'preflight tells all that forbids an install at once, and changes nothing',
    from: 'bare',
    deadlineMs: minutes(5),
    async run(stack) {
      const { inputs, hosts, balancer } = await makeGround(stack)
      await nameGround(stack, { balancer })
      const [first, second, third] = hosts as [Machine, Machine, Machine]
      await on(first, 'tar c -T /dev/null | docker import - theirs:1 && docker create --name theirs theirs:1 x')
      await on(second, 'gpasswd --delete rancher docker')
      await on(
        third,
        'systemctl stop docker && mount -t tmpfs -o size=64m tmpfs /var/lib/docker && systemctl start docker',
      )
      const before = await traces(stack.name)
      const refused = await failsWith('preflight', stack.install(inputs))
      const told = refused.errors.join('\n')
      expect(told).toMatch(/node-1.*(container|theirs)/)
      expect(told).toMatch(/node-2.*docker/i)
      expect(told).toMatch(/node-3.*(disk|space|free)/)
      expect(await traces(stack.name)).toEqual(before)
    },
  },
  {
    name: 'another sshd at a node’s address is refused before anything is sent to it',
    from: 'healthy',
    deadlineMs: minutes(5),
    async run(stack) {
      const { inputs } = await asHosts(stack)
      const victim = await machine(stack.name, 'node-2')
      await on(victim, 'rm /etc/ssh/ssh_host_* && ssh-keygen -A >/dev/null && systemctl restart ssh')
      const before = await traces(stack.name)
      const refused = await stack.install(inputs)
      expect(refused.exitCode).toBe(1)
      expect(['ssh', 'preflight']).toContain(refused.outputs['error-kind'])
      expect(refused.errors.join('\n')).toMatch(/node-2.*host key/is)
      expect(await traces(stack.name)).toEqual(before)
      expect(await on(victim, 'journalctl -u ssh --since "-3min" | grep -c Accepted || true')).toBe('0')
    },
  },
  {
    name: 'rke dials the loopback and nothing else',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      await wipe(await machine(stack.name, 'node-3'))
      const peers = new Set<string>()
      const watch = setInterval(async () => {
        for (const peer of await peersOf('rke')) peers.add(peer)
      }, 100)
      await succeeds(stack.install()).finally(() => clearInterval(watch))
      expect(peers.size).toBeGreaterThan(0)
      expect([...peers].filter((peer) => !peer.startsWith('127.0.0.1:'))).toEqual([])
    },
  },
]

/** Far ends of the TCP connections that processes of that name have now. */
async function peersOf(program: string): Promise<string[]> {
  const rows = (await output('ss', ['--tcp', '--numeric', '--processes', '--no-header'])).split('\n')
  return rows.filter((row) => row.includes(`"${program}`)).map((row) => row.trim().split(/\s+/)[4] ?? '')
}

/** What others keep on a machine: a container, a volume, a file. */
const plant = `docker run --detach --name theirs --entrypoint sleep --volume theirs:/data ${IMAGES.tools} 86400
mkdir -p /srv/theirs && echo theirs >/srv/theirs/file`

/** What is there of theirs and of ours after a destroy. */
async function remains(host: Machine) {
  const ask = async (command: string) => (await on(host, command)).split('\n').filter(Boolean)
  return {
    containers: await ask("docker ps --format '{{.Names}}'"),
    volumes: await ask(VOLUMES),
    theirs: await ask('cat /srv/theirs/file'),
    folders: await ask('ls -d /var/lib/rancher-ha /etc/kubernetes /var/lib/etcd /var/lib/kubelet 2>/dev/null || true'),
    listeners: await ask("ss -ltnH | awk '{print $4}' | grep -E ':(80|443|2379|2380|6443|10250)$' || true"),
    rules: await ask("iptables-save | grep -c KUBE- | grep -v '^0$' || true"),
    pods: await ask('ctr -n k8s.io containers ls -q'),
  }
}

/** All volumes but those without a name that the image of their own container asks for. */
const VOLUMES = `for volume in $(docker volume ls --quiet); do
  [ "$volume" != theirs ] && docker ps --all --quiet --filter volume=$volume --filter name=^theirs$ | grep -q . || echo $volume
done`

const nothingOfOurs: Awaited<ReturnType<typeof remains>> = {
  containers: ['theirs'],
  volumes: ['theirs'],
  theirs: ['theirs'],
  folders: [],
  listeners: [],
  rules: [],
  pods: [],
}
