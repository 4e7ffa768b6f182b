import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import { neededState, type UpgradeWork } from './configure-upgrade.ts'
import { presentedCertificate } from './presented-certificate.ts'
import { proveCluster } from './prove.ts'
import { recordedCall, recordedIn } from './recorded-call.ts'
import { fingerprint } from './state.ts'
import { entry, parseState, withWay } from './state-file.ts'
import { writeState } from './state-store.ts'
import { callRke } from './work-folder.ts'

const PROOF_MS = 210_000

/**
 * Has rke make all certificates but the CA anew and restart what uses them. rke restarts a plane on all nodes at once
 * (services/controlplane.go and etcdplane.go, 1.8.5): the API is away for some seconds, Rancher's pods run on.
 *
 * A run that is killed meanwhile leaves old and new certificates side by side, all signed by the CA that stays; the next
 * one makes them anew.
 */
export async function rotateCertificates(work: UpgradeWork): Promise<void> {
  const { tools, hosts, wanted, lease, signal } = work
  const { text, found } = await neededState(work)
  const { version } = recordedIn(text)
  const { stack, nodes } = wanted
  let after = text
  const keep = async (phase: 'pending' | 'done') => {
    const generation = Math.max(lease.generation, (found?.generation ?? 0) + 1)
    const { asked, clusterUid, upgrading } = found ?? { asked: undefined, clusterUid: undefined, upgrading: undefined }
    await writeState(stack, after, generation, { phase, asked, clusterUid, upgrading }, hosts, lease)
  }
  const call = recordedCall(['cert', 'rotate'], { stack, nodes }, text)
  const onState = (state: string) => {
    after = state
  }
  try {
    await callRke(tools, hosts, { ...call, state: (way) => withWay(text, way), onState }, signal)
  } catch (error) {
    // Certificates that were made and not kept would be made once more; not over the reason it failed.
    if (!signal.aborted) {
      await keep('pending').catch((failure: Error) =>
        tools.log(`warning: the state could not be kept: ${failure.message}`),
      )
    }
    throw error
  }
  await keep(found?.phase ?? 'done')
  await proveCluster(hosts, wanted, version, PROOF_MS, signal)
  await proveEnds(hosts, after, tools.log)
}

/** What each API server presents now is what was made: a certificate in a file, or in the state, serves nobody. */
async function proveEnds(hosts: Hosts, state: string, log: (line: string) => void): Promise<void> {
  const made = fingerprint(entry(parseState(state, 'rke'), 'kube-apiserver').certificatePEM)
  for (const host of hosts.reached) {
    const presented = await presentedCertificate(host)
    log(`${host.node.name}: its API server presents a certificate until ${presented.end.toISOString()}`)
    if (presented.fingerprint === made) continue
    const what = `${host.node.name}: its API server still presents the former certificate, until ${presented.end.toISOString()}`
    throw new StackError('kubernetes', what, {
      stands: 'The new certificates are kept on every node; all are signed by the same CA.',
      next: 'Restart kube-apiserver on that node, then run mode upgrade again.',
      retry: true,
    })
  }
}
