import { expect } from '@jest/globals'
import { skewClock } from '../../../lab/faults/clock.ts'
import { defaultRepository } from '../../runner/environment.ts'
import { docker } from '../eye/docker.ts'
import { everything, type Machine, on } from '../eye/machines.ts'
import { traces } from '../eye/traces.ts'
import { makeGround, nameGround } from '../ground.ts'
import { expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Done, failsWith, type Stack } from '../stack.ts'
import type { Case } from './case.ts'

const somebodyElse = { repository: { id: '4712', name: 'other/platform' } }

export const preflight: Case[] = [
  {
    name: 'a node whose clock is off is named, and nothing is changed',
    from: 'healthy',
    deadlineMs: minutes(4),
    async run(stack) {
      const machine = { stack: { name: stack.name, owner: defaultRepository.id }, machine: 'node-2' }
      await using _skew = await skewClock(machine, 40)
      await changesNothing(stack, async () => {
        const refused = await failsWith('preflight', stack.install())
        expect(told(refused)).toMatch(/node-2: its clock is \d+\.\d s off the others'/)
        expect(told(refused)).not.toMatch(/node-[13]: /)
      })
    },
  },
  {
    name: 'another hostname for a live stack is refused, and names the one it has',
    from: 'healthy',
    deadlineMs: minutes(4),
    run: (stack) =>
      changesNothing(stack, async () => {
        const refused = await failsWith('preflight', stack.install({ hostname: 'other.rancher.test' }))
        expect(told(refused)).toMatch(new RegExp(`hostname: .*${stack.hostname}.*other\\.rancher\\.test`))
      }),
  },
  {
    name: 'the same stack name of another owner is refused, by install and by destroy',
    from: 'healthy',
    deadlineMs: minutes(4),
    run: (stack) =>
      changesNothing(stack, async () => {
        for (const run of [stack.install, stack.destroy]) {
          const refused = await failsWith('preflight', run({}, somebodyElse))
          expect(told(refused)).toMatch(new RegExp(`stack ${stack.name}: .*belongs to ${defaultRepository.name}`))
        }
      }),
  },
  {
    name: 'a host name twice, a port in use, an sshd that forwards nothing: told at once, and nothing is changed',
    from: 'bare',
    deadlineMs: minutes(5),
    async run(stack) {
      const { inputs, hosts, balancer } = await makeGround(stack)
      await nameGround(stack, { balancer })
      const [first, second, third] = hosts as [Machine, Machine, Machine]
      await on(first, noForwarding)
      await on(second, 'systemd-run --quiet --unit theirs systemd-socket-activate --listen 6443 /bin/true')
      await on(third, `hostname ${second.hostname}`)
      const before = await traces(stack.name)
      const refused = await failsWith('preflight', stack.install(inputs))
      expect(told(refused)).toMatch(/node-1: its sshd forwards no TCP/)
      expect(told(refused)).toMatch(/node-2: ports in use: .*6443/)
      expect(told(refused)).toMatch(/node-3: its host name node-2 is another node's too/)
      expect(await traces(stack.name)).toEqual(before)
    },
  },
  {
    name: 'a machine that does not answer is named, and rke is not started without it',
    from: 'bare',
    deadlineMs: minutes(5),
    async run(stack) {
      const { inputs, hosts, balancer } = await makeGround(stack)
      await nameGround(stack, { balancer })
      const [, , third] = hosts as [Machine, Machine, Machine]
      await docker('stop', '--time', '20', third.container)
      const before = await traces(stack.name)
      const refused = await failsWith('ssh', stack.install(inputs))
      expect(told(refused)).toMatch(/node-3: cannot be reached/)
      expect(await traces(stack.name)).toEqual(before)
      for (const host of hosts.slice(0, 2)) expect(await on(host, 'docker ps --all --quiet')).toBe('')
    },
  },
]

const noForwarding =
  "sed -i 's/^AllowTcpForwarding.*/AllowTcpForwarding no/' /etc/ssh/sshd_config.d/rancher-ha-lab.conf && systemctl reload ssh"

/** Neither on the nodes nor on this machine: what is looked at before and after is looked at by another eye. */
async function changesNothing(stack: Stack, refused: () => Promise<void>): Promise<void> {
  const healthy = await expectHealthy(stack)
  const [machine, nodes] = [await everything(), await traces(stack.name)]
  await refused()
  expect(await everything()).toEqual(machine)
  expect(await traces(stack.name)).toEqual(nodes)
  expect(await expectHealthy(stack)).toEqual(healthy)
}

function told(run: Done): string {
  return run.errors.join('\n')
}
