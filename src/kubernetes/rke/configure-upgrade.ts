import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { Api, Former, WantedCluster } from '../distribution.ts'
import type { Config } from './cluster-yml.ts'
import { type Obtained, obtainState } from './obtain-state.ts'
import { recordedIn } from './recorded-call.ts'
import { recordedConfig } from './recorded-config.ts'
import { parseState } from './state-file.ts'
import { isSaidInFull, type UpgradeConfig, upgradeConfig } from './upgrade-config.ts'
import { mintState, type RkeTools } from './work-folder.ts'

/** What an upgrade works with. */
export type UpgradeWork = {
  tools: RkeTools
  hosts: Hosts
  wanted: WantedCluster
  openApi: () => Promise<Api>
  lease: Lease
  signal: AbortSignal
}

/** What rke is to be given for a version, from the inputs and what the cluster's state recorded. */
export async function configFor(version: string, { text, found }: Obtained, work: UpgradeWork): Promise<UpgradeConfig> {
  const { wanted } = work
  const { config: recorded, version: recordedVersion } = recordedIn(text)
  const running = found?.asked?.kubernetesVersion ?? recordedVersion
  const step = { running, version }
  if (isSaidInFull(wanted, found?.asked)) return upgradeConfig(wanted, step, undefined)
  const defaults = await defaultImages(running, work)
  return upgradeConfig(wanted, step, { recorded, defaults, settings: found?.asked?.settingsDigest })
}

/** The images rke takes for a version by itself; none when it does not know that version any more. */
async function defaultImages(version: string, { tools, wanted, signal }: UpgradeWork): Promise<Record<string, string>> {
  try {
    const minted = await mintState(tools, { ...wanted, config: {} }, version, undefined, signal)
    const { desiredState } = parseState(minted, 'rke')
    const { system_images: images } = recordedConfig(desiredState.rkeConfig ?? {}) as { system_images?: Config }
    return (images ?? {}) as Record<string, string>
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StackError && error.kind === 'input') return {}
    throw error
  }
}

/** The cluster as its state records it now; undefined when that is not of this version. */
export async function formerOf(version: string, hosts: Hosts, stack: string): Promise<Former | undefined> {
  const obtained = await obtainState(hosts, stack, undefined)
  if (obtained === undefined || recordedIn(obtained.text).version !== version) return undefined
  return { state: obtained.text, asked: obtained.found?.asked }
}

/** @throws StackError of kind `bug` when there is no cluster */
export async function neededState({ hosts, wanted }: UpgradeWork): Promise<Obtained> {
  const obtained = await obtainState(hosts, wanted.stack, undefined)
  if (obtained !== undefined) return obtained
  throw new StackError('bug', 'there is no cluster on these nodes to upgrade')
}
