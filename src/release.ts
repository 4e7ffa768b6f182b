import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInfrastructure } from './infrastructure/create.ts'
import { parseInputs } from './inputs.ts'
import { releaseLease } from './remote/node-lease.ts'
import { openHosts } from './remote/ssh.ts'

/** What post has of the runner's grace after a cancelled job; a node that does not answer keeps its record until it expires. */
const ANSWER_MS = 15_000

/**
 * Frees what a killed run still holds on the nodes and ends what it left running there, so that the next run need
 * not wait for the lease to expire. The inputs stand in post's environment as in main's.
 *
 * @returns what there is to tell; undefined when nothing was held
 */
export async function releaseAfter(session: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(env['RUNNER_TEMP'] || tmpdir(), 'rancher-ha-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const settings = await parseInputs({ env, now: new Date(), mask: () => {}, warn: () => {} })
  const infrastructure = await createInfrastructure(settings, {})
  const { nodes } = await infrastructure.inspect()
  const running = nodes.filter(({ state }) => state === 'running')
  if (running.length === 0) return undefined
  const access = await infrastructure.access(folder)
  const hosts = cleanup.use(await openHosts(running, access, { folder, deadlineMs: ANSWER_MS }))
  const told: string[] = []
  await releaseLease(hosts, { stack: settings.stack, session, log: (line) => told.push(line) })
  return told.length === 0 ? undefined : told.join('; ')
}

/**
 * Takes back what a killed run still holds outside the nodes: the runner's way in, the claim on the stack.
 *
 * @returns what there is to tell; undefined when nothing was held
 */
export async function letGoAfter(session: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const settings = await parseInputs({ env, now: new Date(), mask: () => {}, warn: () => {} })
  const infrastructure = await createInfrastructure(settings, { session })
  return await infrastructure.letGo?.()
}
