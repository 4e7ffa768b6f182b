import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'
import { isConfig } from './cluster-yml.ts'
import { configFor, neededState, type UpgradeWork } from './configure-upgrade.ts'
import { archivesFor, loadMissing } from './load-images.ts'
import { accountsOf, planeImages, pullImages } from './pull-images.ts'
import { type Recorded, recordedIn } from './recorded-call.ts'
import { parseState } from './state-file.ts'
import { kubeletVersion } from './versions.ts'
import { mintState } from './work-folder.ts'

/** All that the planes of a version need lies on the node after it; nothing that runs is touched. */
export async function bringImages(host: Host, version: string, work: UpgradeWork): Promise<void> {
  const { wanted, signal } = work
  const needed = await neededImages(version, work)
  if (wanted.images.length > 0) await loadMissing(host, archivesFor(wanted.images, version), signal)
  else await pullImages(host, needed, accountsOf(wanted), signal)
  const missing = await missingOn(host, needed)
  if (missing.length === 0) return
  throw new StackError('kubernetes', `${host.node.name} lacks ${missing.join(', ')} of Kubernetes ${version}`, {
    stands: 'Nothing of this version was begun; what ran goes on running.',
    next:
      wanted.images.length > 0
        ? 'Add these images to the airgap-bundle, then run mode upgrade again.'
        : 'Look whether the node reaches the registry, and whether the registry has the image; then run mode upgrade again.',
    retry: true,
  })
}

/** @throws StackError of kind `input` when the version would run with the images of the one that runs */
async function neededImages(version: string, work: UpgradeWork): Promise<string[]> {
  const { tools, wanted, signal } = work
  const obtained = await neededState(work)
  const recorded = recordedIn(obtained.text)
  const { config } = await configFor(version, obtained, work)
  // A state nobody keeps: only the names of images are read from it.
  const minted = await mintState(tools, { ...wanted, config }, version, undefined, signal)
  throwSameImage(version, imagesIn(minted), recorded)
  return planeImages(minted)
}

function throwSameImage(version: string, images: Record<string, string>, { raw, version: running }: Recorded): void {
  const before = isConfig(raw['systemImages']) ? raw['systemImages']['kubernetes'] : undefined
  if (kubeletVersion(version) === kubeletVersion(running) || before !== images['kubernetes']) return
  throw new StackError('input', `rke-config: system_images.kubernetes is ${before}, the image of ${running}`, {
    stands: 'Nothing was changed.',
    next: `Set it to the image of ${version}, or leave it out.`,
  })
}

async function missingOn(host: Host, images: string[]): Promise<string[]> {
  const input = `while read -r image; do docker image inspect "$image" >/dev/null 2>&1 || echo "$image"; done <<'E'\n${images.join('\n')}\nE\n`
  const said = await host.run('sh -s -- missing-images', { sudo: true, input })
  return said.split('\n').filter((line) => line !== '')
}

function imagesIn(stateText: string): Record<string, string> {
  return (parseState(stateText, 'rke').desiredState.rkeConfig?.['systemImages'] ?? {}) as Record<string, string>
}
