import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import type { InfrastructureFacts } from '../infrastructure.ts'
import { booted } from './boot.ts'
import type { LocalContext } from './context.ts'
import type { LocalFindings, Machine } from './findings.ts'
import { parseTargets, STATE_PORT, targetsIn } from './haproxy.ts'
import { parseMemory } from './memory.ts'
import { BALANCER } from './names.ts'
import { PATHS } from './paths.ts'
import { publicKeyIn } from './public-key.ts'

const POLL_MS = 250

/** Makes the stack's key where it is kept; whole or not at all, and never a second one. */
export const MAKE_KEY = `umask 077; here=${PATHS.key.replace(/\/id$/, '')}
if [ ! -s ${PATHS.publicKey} ]; then
  rm -rf "$here" "$here.new" && mkdir -p "$here.new" && ssh-keygen -q -t ed25519 -N '' -C rancher-ha -f "$here.new/id" && mv -T "$here.new" "$here"
fi`

/** HAProxy has no client of its own; bash can open a connection. */
export const SHOW_STATE = `exec 3<>/dev/tcp/127.0.0.1/${STATE_PORT} && echo 'show servers state' >&3 && cat <&3`

export type SeenBalancer = LocalFindings['balancer'] &
  Pick<InfrastructureFacts, 'memory'> & { targets: string[]; serving: boolean }

/** What the balancer's machine tells; a stopped one tells what is on its disk. */
export async function readBalancer({ docker, names, runner }: LocalContext, machine: Machine): Promise<SeenBalancer> {
  const { container } = machine
  const nothing = {
    publicKey: undefined,
    config: undefined,
    memory: parseMemory(undefined),
    targets: [],
    serving: false,
  }
  if (container === 'missing' || container === 'created') return { ...machine, ...nothing }
  const name = names.container(BALANCER)
  const isRunning = container === 'running'
  const [files, targets, serving] = await Promise.all([
    docker.read({ name, state: container }, [PATHS.publicKey, PATHS.memory, PATHS.haproxy]),
    isRunning ? readTargets(docker, name) : [],
    isRunning && runner.answers(machine.address, 80),
  ])
  return {
    ...machine,
    publicKey: publicKeyIn(files.get(PATHS.publicKey)),
    config: files.get(PATHS.haproxy),
    memory: parseMemory(files.get(PATHS.memory)),
    targets,
    serving,
  }
}

/** Lets HAProxy forward as `config` says, without ending a connection; waits until it does. */
export async function updateBalancer(context: LocalContext, config: string, signal: AbortSignal): Promise<void> {
  const { docker, names } = context
  const name = names.container(BALANCER)
  await booted(context, name, signal)
  await docker.write(name, { path: PATHS.haproxy, content: config, mode: '0644', user: 'root' }, signal)
  await mustExec(docker, name, ['systemctl', 'enable', '--quiet', 'haproxy'], signal)
  await mustExec(docker, name, ['systemctl', 'reload-or-restart', 'haproxy'], signal)
  const wanted = targetsIn(config).join()
  while ((await readTargets(docker, name)).join() !== wanted) await delay(POLL_MS, undefined, { signal })
}

/** Addresses the running HAProxy forwards to; none when it does not run. */
async function readTargets(docker: LocalContext['docker'], container: string): Promise<string[]> {
  const { exitCode, stdout } = await docker.exec(container, ['bash', '-c', SHOW_STATE], AbortSignal.timeout(10_000))
  return exitCode === 0 ? parseTargets(stdout) : []
}

/** @throws StackError of kind `cloud` with what the command said */
export async function mustExec(
  docker: LocalContext['docker'],
  container: string,
  command: string[],
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await docker.exec(container, command, signal)
  if (exitCode === 0) return
  throw new StackError('cloud', `${container}: ${command[0]} failed (exit code ${exitCode}): ${stderr.trim()}`, {
    next: 'Look at the machine with docker exec, then run the same again.',
  })
}
