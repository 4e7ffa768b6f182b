import { expect, test } from '@jest/globals'
import { labelsOf, namesOf } from '../../../../src/infrastructure/local/names.ts'
import { carryOut } from '../../../contract/infrastructure.ts'
import { tries } from '../../remedies/tries.ts'
import type { LocalFixture } from './fixture.ts'
import { localFixture } from './fixture.ts'

test('a stack of the same name of another owner is refused, and the owner is named', async () => {
  await using fixture = await localFixture()
  const theirs = fixture.open({}, { ...fixture.stack, owner: 'another', ownerName: 'other/ranch' })
  await carryOut(theirs, theirs.plan(await theirs.inspect(), fixture.wanted))
  const { refusals, owned, nodes } = await fixture.open({ hostname: 'mine.example.test' }).inspect()
  expect(refusals).toEqual([
    expect.objectContaining({
      kind: 'preflight',
      subject: 'stack rancher',
      what: expect.stringContaining('other/ranch'),
    }),
  ])
  expect({ owned, nodes }).toEqual({ owned: [], nodes: [] })
})

test.each(['container', 'volume', 'network'] as const)(
  'a %s of others under our name is refused, not taken',
  async (kind) => {
    await using fixture = await localFixture()
    const { daemon, stack } = fixture
    const names = namesOf(stack)
    const labels = {}
    daemon.networks.set(kind === 'network' ? names.network : 'theirs', { subnets: ['10.1.0.0/24'], labels })
    daemon.volumes.set(kind === 'volume' ? names.volume('node-1') : 'theirs', { labels, files: new Map() })
    const name = kind === 'container' ? names.container('node-1') : 'theirs'
    const spec = {
      name,
      hostname: 'x',
      image: 'x',
      network: 'theirs',
      address: '10.1.0.2',
      volume: 'theirs',
      restart: false,
    }
    const layer = new Map<string, string>()
    daemon.machines.set(name, {
      spec: { ...spec, labels },
      state: 'running',
      layer,
      haproxy: undefined,
      enabled: false,
    })
    const infrastructure = fixture.open()
    const facts = await infrastructure.inspect()
    expect(facts.refusals).toEqual([
      expect.objectContaining({ kind: 'preflight', subject: expect.stringContaining(kind) }),
    ])
    expect(infrastructure.planDestroy(facts)).toEqual([])
  },
)

test('a host name that stands in the hosts file already is refused, with the address it has', async () => {
  await using fixture = await localFixture()
  fixture.runner.hosts += `10.0.0.9 ${fixture.wanted.hostname}\n`
  const { refusals } = await fixture.open().inspect()
  expect(refusals).toEqual([
    expect.objectContaining({ subject: 'hostname', what: expect.stringContaining('10.0.0.9') }),
  ])
})

test('nothing of ours is refused', async () => {
  await using fixture = await localFixture()
  const labels = labelsOf({ ...fixture.stack, name: 'rancher-2' }, { id: '1', attempt: 1 }, new Date(0), undefined)
  fixture.daemon.networks.set('another', { subnets: [], labels })
  expect((await fixture.open().inspect()).refusals).toEqual([])
})

/** What is refused of one stack after its surroundings were made so. */
const sees =
  (make: (fixture: LocalFixture) => Promise<void> | void, name = 'rancher', hostname?: string) =>
  async () => {
    await using fixture = await localFixture()
    await make(fixture)
    return await fixture.open(hostname === undefined ? {} : { hostname }, { ...fixture.stack, name }).inspect()
  }
const theirs = ({ daemon, stack }: LocalFixture) =>
  void daemon.networks.set(namesOf(stack).network, { subnets: ['10.1.0.0/24'], labels: {} })
const anothers = async (fixture: LocalFixture) => {
  const other = fixture.open({}, { ...fixture.stack, owner: 'another', ownerName: 'other/ranch' })
  await carryOut(other, other.plan(await other.inspect(), fixture.wanted))
  return other
}
const listed = ({ runner, wanted }: LocalFixture) => {
  runner.hosts += `10.0.0.9 ${wanted.hostname}\n`
}

tries('preflight', [
  [
    'Remove the …, if nobody needs it, or choose another `name`.',
    sees(theirs),
    sees((fixture) => {
      theirs(fixture)
      fixture.daemon.networks.clear()
    }),
    sees(theirs, 'mine'),
  ],
  [
    'Choose another `name`, or let that owner destroy its stack.',
    sees(async (fixture) => void (await anothers(fixture)), 'rancher', 'mine.example.test'),
    sees(async (fixture) => void (await anothers(fixture)), 'mine', 'mine.example.test'),
    sees(async (fixture) => {
      const other = await anothers(fixture)
      await carryOut(other, other.planDestroy(await other.inspect()))
    }),
  ],
  [
    'Remove that line, or choose another `hostname`.',
    sees(listed),
    sees((fixture) => {
      const before = fixture.runner.hosts
      listed(fixture)
      fixture.runner.hosts = before
    }),
    sees(listed, 'rancher', 'mine.example.test'),
  ],
])
