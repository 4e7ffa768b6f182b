import type { Refusal } from '../errors.ts'
import type { ClusterFacts } from '../kubernetes/distribution.ts'

/** What stands against a mode that needs a cluster that serves; empty for one that does. */
export function refuseNotRunning({ state }: Pick<ClusterFacts, 'state'>): Refusal[] {
  if (state === 'running') return []
  const { what, next } = NOT_RUNNING[state]
  return [{ kind: 'preflight', subject: 'cluster', what, next }]
}

const NOT_RUNNING = {
  none: { what: 'there is no cluster here.', next: 'Run mode install; if there was one, run mode restore.' },
  unfinished: { what: 'the cluster is not finished.', next: 'Run mode install with the inputs of the stack.' },
  'quorum-lost': {
    what: 'etcd has lost its quorum.',
    next: 'Run mode restore: it saves what the survivors know before anything else.',
  },
}
