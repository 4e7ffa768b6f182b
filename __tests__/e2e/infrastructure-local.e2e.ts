import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { wipe } from '../../lab/faults/machines.ts'
import { run } from '../../lab/host/command.ts'
import { DOCKER_ENV, docker, dockerLines } from '../../lab/host/docker.ts'
import { LOCAL_IMAGE } from '../../lab/settings.ts'
import type { Infrastructure } from '../../src/infrastructure/infrastructure.ts'
import { dockerCli } from '../../src/infrastructure/local/docker-cli.ts'
import { localInfrastructure } from '../../src/infrastructure/local/local.ts'
import { namesOf } from '../../src/infrastructure/local/names.ts'
import type { StackId } from '../../src/node.ts'
import {
  carryOut,
  describeInfrastructure,
  describeMaking,
  type InfrastructureFixture,
} from '../contract/infrastructure.ts'

const FIRST_KILL_MS = 500
const HOSTS_FILE = '/etc/hosts'

describeInfrastructure('local, in the lab', labFixture)
describeMaking('local, in the lab', labFixture)

test('the nodes let the stack in by SSH, and a wiped one shows another host key', async () => {
  await using fixture = await labFixture()
  const { infrastructure, stack, wanted } = fixture
  await carryOut(infrastructure, infrastructure.plan(await infrastructure.inspect(), wanted))
  const before = await hostNames(infrastructure)
  expect(before).toEqual(['node-1', 'node-2', 'node-3'])

  const [, key] = (await infrastructure.inspect()).nodes.flatMap(({ hostKeys }) => hostKeys)
  await wipe({ stack, machine: 'node-2' })
  const plan = infrastructure.plan(await infrastructure.inspect(), wanted)
  expect(plan.map(({ title }) => title)).toEqual(['Finish node-2'])
  await carryOut(infrastructure, plan)
  expect(await hostNames(infrastructure)).toEqual(before)
  const [, newKey] = (await infrastructure.inspect()).nodes.flatMap(({ hostKeys }) => hostKeys)
  expect(newKey).not.toBe(key)
})

/** What each node answers over SSH, pinned to the key the provider gives for it. */
async function hostNames(infrastructure: Infrastructure): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ssh-'))
  try {
    const { keyFiles } = await infrastructure.access(folder)
    const { nodes } = await infrastructure.inspect()
    const answers = nodes.map(async ({ name, user, address, hostKeys }) => {
      const known = join(folder, name)
      await appendFile(known, hostKeys.map((key) => `${address} ${key}\n`).join(''))
      const pinned = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes']
      const identity = keyFiles.flatMap((file) => ['-i', file])
      return (await run('ssh', [...pinned, ...identity, `${user}@${address}`, 'sudo -n hostname'])).trim()
    })
    return await Promise.all(answers)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A stack of its own name in the lab; other stacks may come and go beside it. */
async function labFixture(): Promise<InfrastructureFixture & { infrastructure: Infrastructure; stack: StackId }> {
  const stack: StackId = { name: `i${randomBytes(4).toString('hex')}`, owner: 'e2e', ownerName: 'e2e/infrastructure' }
  const names = namesOf(stack)
  const wanted = { nodeCount: 3, hostname: `${stack.name}.rancher.test` }
  const open = () =>
    localInfrastructure(
      { stack, run: { id: 'e2e', attempt: 1 }, provider: { kind: 'local', image: LOCAL_IMAGE } },
      { hostname: wanted.hostname, docker: dockerCli({ ...process.env, ...DOCKER_ENV }) },
    )
  const squatter = `${names.prefix}-backup`
  const infrastructure = open()
  return {
    infrastructure,
    stack,
    open,
    wanted,
    world: () => worldOf(stack.name),
    makes: {
      async addLookAlikes() {
        await docker(['volume', 'create', squatter])
        await docker(['create', '--name', squatter, '--volume', `${squatter}:/var`, LOCAL_IMAGE])
        await docker(['network', 'create', '--label', `rancher-ha/stack=${stack.name}-2`, '--internal', squatter])
      },
      kill(moment) {
        const death = new AbortController()
        const timer = setTimeout(() => death.abort(new Error('killed')), FIRST_KILL_MS * 2 ** (moment - 1))
        return {
          signal: death.signal,
          happened() {
            clearTimeout(timer)
            return death.signal.aborted
          },
        }
      },
    },
    async [Symbol.asyncDispose]() {
      await carryOut(infrastructure, infrastructure.planDestroy(await infrastructure.inspect()))
      const left = await dockerLines(['ps', '--all', '--quiet', '--filter', `name=${squatter}`])
      if (left.length === 0) return
      await docker(['rm', '--force', squatter])
      await docker(['volume', 'rm', squatter])
      await docker(['network', 'rm', squatter])
    },
  }
}

/** What Docker and the hosts file say, without our code. */
async function worldOf(stack: string): Promise<string[]> {
  const [containers, volumes, networks, hosts] = await Promise.all([
    dockerLines(['ps', '--all', '--filter', `name=${stack}`, '--format', 'container {{.Names}} {{.ID}} {{.State}}']),
    dockerLines(['volume', 'ls', '--filter', `name=${stack}`, '--format', 'volume {{.Name}}']),
    dockerLines(['network', 'ls', '--filter', `name=${stack}`, '--format', 'network {{.Name}} {{.ID}}']),
    readFile(HOSTS_FILE, 'utf8'),
  ])
  return [...containers, ...volumes, ...networks, ...hosts.split('\n').filter((line) => line.includes(stack))].sort()
}
