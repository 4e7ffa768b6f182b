import { namesOf } from '../../../src/infrastructure/local/names.ts'
import type { Lease } from '../../../src/remote/lease.ts'
import { carryOut } from '../../contract/infrastructure.ts'
import { fakeDocker } from '../infrastructure/local/fake-docker.ts'
import { type LocalFixture, localFixture } from '../infrastructure/local/fixture.ts'
import { tries } from './tries.ts'

const lease = { lost: new AbortController().signal } as Lease
const { signal } = new AbortController()
const memory = { clusterUid: 'a-uid', hostname: 'rancher.example.test' }

const install = async (fixture: LocalFixture, options: Parameters<LocalFixture['open']>[0] = {}) => {
  const infrastructure = fixture.open(options)
  await carryOut(infrastructure, infrastructure.plan(await infrastructure.inspect(), fixture.wanted))
  return infrastructure
}

/** What is done to one stack, and then what the way out says. */
function onStack(hurt: (fixture: LocalFixture) => Promise<unknown>, cure: (fixture: LocalFixture) => Promise<unknown>) {
  const fixture = localFixture()
  return [async () => hurt(await fixture), async () => void (await cure(await fixture))] as const
}

tries('cloud', [
  [
    'Run the same again: the machine is started first.',
    ...onStack(
      async (fixture) => {
        const infrastructure = await install(fixture)
        fixture.daemon.stop(namesOf(fixture.stack).container('lb'))
        await infrastructure.remember(memory, lease)
      },
      async (fixture) => (await install(fixture)).remember(memory, lease),
    ),
  ],
  [
    'Run the same again: it is made anew.',
    ...onStack(async (fixture) => {
      const infrastructure = fixture.open()
      const plan = infrastructure.plan(await infrastructure.inspect(), fixture.wanted)
      const machine = namesOf(fixture.stack).container('lb')
      // The load balancer's machine is taken away by hand before the first node is made.
      for (const { id, change } of plan.filter((step) => /^create-/.test(step.id))) {
        if (id.startsWith('create-node')) fixture.daemon.machines.delete(machine)
        await infrastructure.apply(change, lease, signal)
      }
    }, install),
  ],
  [
    'Look at the machine with docker exec, then run the same again.',
    ...onStack(async (fixture) => {
      const docker = {
        ...fakeDocker(fixture.daemon),
        exec: async () => ({ exitCode: 1, stdout: '', stderr: 'no room' }),
      }
      await install(fixture, { docker })
    }, install),
  ],
])
