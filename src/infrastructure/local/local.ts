import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Access } from '../../remote/host.ts'
import type { CommonSettings, LocalProviderSettings } from '../../settings.ts'
import type { Infrastructure } from '../infrastructure.ts'
import { applyLocal } from './apply.ts'
import type { LocalChange } from './changes.ts'
import { claimLocal } from './claim.ts'
import type { LocalContext } from './context.ts'
import type { Docker } from './docker.ts'
import { dockerCli } from './docker-cli.ts'
import { hostsMark } from './hosts-file.ts'
import { BUILT_IMAGE } from './image.ts'
import { inspectLocal } from './inspect.ts'
import { renderMemory } from './memory.ts'
import { BALANCER, findOurs, namesOf } from './names.ts'
import { PATHS } from './paths.ts'
import { planLocal, planLocalDestroy } from './plan.ts'
import { type Runner, thisRunner } from './runner.ts'

export type LocalOptions = {
  /** The name Rancher is to answer to; without it what the stack remembers counts. */
  hostname?: string | undefined
  docker?: Docker
  runner?: Runner
  now?: () => Date
}

type LocalSettings = Pick<CommonSettings, 'stack' | 'run'> & { provider: LocalProviderSettings }

/**
 * Machines that are containers of this machine's Docker, running systemd, with a network, a layer 4 load balancer and
 * a line in the runner's hosts file. Everything it made carries labels of stack and owner, and goes with `destroy`.
 */
export function localInfrastructure(settings: LocalSettings, options: LocalOptions = {}): Infrastructure {
  const { stack, run, provider } = settings
  const context: LocalContext = {
    stack,
    run,
    names: namesOf(stack),
    mark: hostsMark(stack),
    image: { name: provider.image ?? BUILT_IMAGE, built: provider.image === undefined },
    hostname: options.hostname,
    ttlMs: provider.ttlMs,
    now: options.now ?? (() => new Date()),
    docker: options.docker ?? dockerCli(),
    runner: options.runner ?? thisRunner(),
  }
  return {
    provider: 'local',
    inspect: () => inspectLocal(context),
    plan: planLocal,
    planDestroy: planLocalDestroy,
    apply: ({ room: _room, ...change }, _lease, signal) => applyLocal(context, change as LocalChange, signal),
    claim: (waitMs) => claimLocal(context, waitMs),
    access: (folder) => accessLocal(context, folder),
    remember: (memory) => remember(context, memory),
  }
}

/** The stack's own key; no key file before the stack has one. Host keys come with the nodes. */
async function accessLocal({ docker, names, stack }: LocalContext, folder: string): Promise<Access> {
  const { containers } = await docker.facts(stack.name, names.prefix)
  const balancer = findOurs(containers, names.container(BALANCER), stack)
  const key = balancer && (await docker.read(balancer, [PATHS.key])).get(PATHS.key)
  if (key === undefined) return { keyFiles: [], knownHosts: [], acceptNew: false }
  const file = join(folder, 'id')
  await writeFile(file, key, { mode: 0o600 })
  return { keyFiles: [file], knownHosts: [], acceptNew: false }
}

async function remember(
  { docker, names, stack }: LocalContext,
  memory: { clusterUid: string; hostname: string },
): Promise<void> {
  const { containers } = await docker.facts(stack.name, names.prefix)
  const balancer = findOurs(containers, names.container(BALANCER), stack)
  if (balancer?.state !== 'running') {
    throw new StackError('cloud', 'The load balancer machine, which remembers the cluster, does not run.', {
      stands: 'The cluster stands.',
      next: 'Run the same again: the machine is started first.',
    })
  }
  const file = { path: PATHS.memory, content: renderMemory(memory), mode: '0600', user: 'root' }
  await docker.write(balancer.name, file, new AbortController().signal)
}
