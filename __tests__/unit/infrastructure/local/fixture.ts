import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Infrastructure } from '../../../../src/infrastructure/infrastructure.ts'
import { type LocalOptions, localInfrastructure } from '../../../../src/infrastructure/local/local.ts'
import { labelsOf, namesOf } from '../../../../src/infrastructure/local/names.ts'
import type { StackId } from '../../../../src/node.ts'
import type { InfrastructureFixture } from '../../../contract/infrastructure.ts'
import { FakeDaemon, fakeDocker } from './fake-docker.ts'
import { FakeRunner } from './fake-runner.ts'

export interface LocalFixture extends InfrastructureFixture {
  daemon: FakeDaemon
  runner: FakeRunner
  stack: StackId
  open(options?: OpenOptions, stack?: StackId): Infrastructure
}

type OpenOptions = LocalOptions & { ttlMs?: number | undefined }

/**
 * A stack on a daemon in memory.
 *
 * @param build whether no image was given
 */
export async function localFixture(image = 'machine:1', { build = false } = {}): Promise<LocalFixture> {
  const locks = await mkdtemp(join(tmpdir(), 'locks-'))
  const daemon = new FakeDaemon()
  daemon.images.add('machine:1')
  const runner = new FakeRunner(daemon, locks)
  const stack: StackId = { name: 'rancher', owner: '4711', ownerName: 'acme/cattle' }
  const hostname = 'rancher.example.test'
  const run = { id: '41', attempt: 1 }
  return {
    daemon,
    runner,
    stack,
    wanted: { nodeCount: 3, hostname },
    open: ({ ttlMs, ...options }: OpenOptions = {}, id: StackId = stack) =>
      localInfrastructure(
        { stack: id, run, provider: { kind: 'local', image: build ? undefined : image, ttlMs } },
        { hostname, docker: fakeDocker(daemon), runner, ...options },
      ),
    world: async () => [...daemon.listing(), runner.hosts],
    makes: {
      async addLookAlikes() {
        const sister = { ...stack, name: 'rancher-2' }
        const labels = labelsOf(sister, run, new Date(0), undefined)
        const longer = `${namesOf(stack).prefix}-backup`
        daemon.networks.set('rancher-ha-rancher', { subnets: ['10.77.0.0/24'], labels: {} })
        daemon.volumes.set(longer, { labels: {}, files: new Map([['/var/precious', 'yes']]) })
        const spec = { hostname: 'node-1', image: 'machine:1', network: 'rancher-ha-rancher', restart: true }
        const layer = new Map<string, string>()
        const rest = { state: 'running', layer, haproxy: undefined, enabled: false } as const
        for (const [name, address, of] of [
          [longer, '10.77.0.11', {}],
          [namesOf(sister).container('node-1'), '10.77.0.12', labels],
        ] as const) {
          daemon.machines.set(name, { spec: { ...spec, name, address, labels: of, volume: longer }, ...rest })
        }
        runner.hosts += '10.77.0.10 other.example.test # rancher-ha 1/rancher\n'
      },
      kill(moment) {
        const death = new AbortController()
        let changes = 0
        daemon.beforeChange = () => {
          changes += 1
          if (changes >= moment) death.abort(new Error('killed'))
          death.signal.throwIfAborted()
        }
        return {
          signal: death.signal,
          happened() {
            daemon.beforeChange = () => {}
            return death.signal.aborted
          },
        }
      },
    },
    async [Symbol.asyncDispose]() {
      await rm(locks, { recursive: true })
    },
  }
}
