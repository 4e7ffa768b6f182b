import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import { parseSections, parseStackFile } from './parse-node.ts'
import { recoverState } from './recover-state.ts'
import { chooseState, type FoundState, fingerprint } from './state.ts'
import { parseState, stateCa } from './state-file.ts'
import { readState, stackFolder, stateFileName } from './state-store.ts'

/** The cluster's state with all its keys, and what stood beside it; `found` is undefined when it came from elsewhere. */
export type Obtained = { text: string; found: FoundState | undefined }

/**
 * The state of the cluster that stands, from its nodes, else as given by the user, else from the cluster itself.
 *
 * @param given content of a cluster.rkestate, used only when no node has one
 * @returns undefined when there is no cluster and no state
 * @throws StackError of kind `preflight` when there is a cluster whose state is not to be had
 */
export async function obtainState(
  hosts: Hosts,
  stack: string,
  given: string | undefined,
): Promise<Obtained | undefined> {
  const looked = await Promise.all(hosts.reached.map((host) => look(host, stack)))
  const found = looked.flatMap(({ state }) => (state === undefined ? [] : [state]))
  const runningCa = looked.find(({ runs, ca }) => runs && ca !== undefined)?.ca
  const choice = chooseState(found, runningCa)
  if ('refusal' in choice) throw lostState(choice.refusal)
  if ('state' in choice) {
    const host = hosts.get(choice.state.where)
    if (host === undefined) throw new StackError('bug', `no connection to ${choice.state.where}`)
    return { text: await readState(host, stack, choice.state), found: choice.state }
  }
  if (given !== undefined) return { text: acceptGiven(given, runningCa), found: undefined }
  if (!looked.some(({ runs }) => runs)) return undefined
  const running = looked.filter(({ runs }) => runs).map(({ host }) => host)
  const recovery = await recoverState(running, running)
  if ('why' in recovery) throw lostState(recovery.why)
  return { text: recovery.text, found: undefined }
}

/** The highest generation any node holds a state of; 0 when there is none. */
export async function newestGeneration(hosts: Hosts, stack: string): Promise<number> {
  const looked = await Promise.all(hosts.reached.map((host) => look(host, stack)))
  return Math.max(0, ...looked.map(({ state }) => state?.generation ?? 0))
}

/** A state the user gives counts when its CA is the one in use. @throws StackError of kind `input` */
function acceptGiven(given: string, runningCa: string | undefined): string {
  const state = parseState(given, 'rke-state')
  if (runningCa === undefined || stateCa(state) === runningCa) return given
  throw new StackError('input', 'rke-state: its CA is not the one the cluster runs with', {
    stands: 'Nothing was changed.',
    next: 'Give the cluster.rkestate of this very cluster, or none: it is then recovered from the cluster.',
  })
}

function lostState(why: string): StackError {
  return new StackError('preflight', `the cluster's state is not to be had: ${why}`, {
    stands: 'The cluster is untouched.',
    next: 'Give the cluster.rkestate as rke-state, or run mode restore.',
  })
}

type Looked = { host: Host; state: FoundState | undefined; ca: string | undefined; runs: boolean }

/** A shorter question than the whole inspection: what stands in our folder, and whose CA runs. */
async function look(host: Host, stack: string): Promise<Looked> {
  const script = `
printf '#### stack\\n'; cat ${stackFolder(stack)}/stack.json 2>/dev/null
printf '\\n#### states\\n'; cd ${stackFolder(stack)} 2>/dev/null && sha256sum cluster-*.rkestate 2>/dev/null
printf '\\n#### ca\\n'; cat /etc/kubernetes/ssl/kube-ca.pem 2>/dev/null
printf '\\n#### runs\\n'; docker ps --format '{{.Names}}' 2>/dev/null | grep -xE 'etcd|kube-apiserver'
printf '\\n#### end\\n'
`
  const sections = parseSections(await host.run('sh -s -- look', { sudo: true, input: script }))
  const text = (key: string) => (sections.get(key) ?? '').trim()
  const file = text('stack') === '' ? undefined : parseStackFile(text('stack'), host.node.name)
  const sums = text('states')
    .split('\n')
    .map((line) => line.split(/\s+/))
  const actualSha256 = sums.find(([, name]) => file !== undefined && name === stateFileName(file.generation))?.[0]
  return {
    host,
    state: file === undefined ? undefined : { ...file, where: host.node.name, actualSha256 },
    ca: text('ca') === '' ? undefined : fingerprint(text('ca')),
    runs: text('runs') !== '',
  }
}
