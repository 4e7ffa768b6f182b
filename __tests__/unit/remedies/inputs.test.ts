import { generateKeyPairSync } from 'node:crypto'
import { publicKeyOf } from '../../../src/infrastructure/aws/public-key.ts'
import type { ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import type { RkeFacts } from '../../../src/kubernetes/rke/facts.ts'
import { refuseStack } from '../../../src/modes/plan-stack.ts'
import type { Seen, Wanted } from '../../../src/modes/seen.ts'
import type { InstallSettings } from '../../../src/settings.ts'
import { fits } from '../../../src/versions/fits.ts'
import { bareFacts, foundOf, wantedOf } from '../kubernetes/rke/world.ts'
import { seenStack, upgradeWorld } from '../modes/upgrade-world.ts'
import { bare, HOSTNAME, wanted } from '../rancher/make.ts'
import { tries } from './tries.ts'

const pem = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'pem', type: 'sec1' }).toString()
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

/** Everything that stands against an install over a stack as it is seen. */
const installs =
  (seen: Seen, { distribution }: Pick<InstallSettings, 'distribution'> = { distribution: 'rke' }) =>
  () => {
    const { stack } = upgradeWorld(seen)
    const want = {
      infrastructure: { nodeCount: 3, hostname: HOSTNAME },
      cluster: wantedOf(3, { hostname: HOSTNAME }),
      rancher: wanted({ kubernetesVersion: 'v1.31.10-rancher1-1' }),
    } as unknown as Wanted
    return refuseStack(stack, seen, want, { distribution } as InstallSettings)
  }
const well = seenStack()
const empty = { ...seenStack({ cluster: bareFacts() }), rancher: bare() }

tries('input', [
  [
    'Give another key, such as one made by ssh-keygen -t ed25519.',
    () => publicKeyOf(pem('secp384r1')),
    () => publicKeyOf(ed25519),
  ],
  [
    'Set helm-version to … or newer.',
    () => fits({ rancher: '2.12.3', helm: 'v3.17.3' }),
    () => fits({ rancher: '2.12.3', helm: 'v3.18.6' }),
  ],
  [
    'Set another kubernetes-version.',
    () => fits({ kubernetes: 'v1.20.15', helm: 'v3.18.6' }),
    () => fits({ kubernetes: 'v1.32.6', helm: 'v3.18.6' }),
  ],
  ['Set distribution to rke.', installs(empty, { distribution: undefined }), installs(empty)],
])

tries('preflight', [
  [
    'Run mode upgrade again: it goes on from what stands.',
    installs(halfUpgraded()),
    // What the upgrade leaves when it has come to its end.
    installs(well),
  ],
])

/** An upgrade was begun, and one node is further than the others. */
function halfUpgraded(): Seen {
  const own = well.cluster.own as RkeFacts
  const versions = { kubernetes: 'v1.31.10', rancher: '2.10.3', certManager: undefined, etcd: undefined }
  const point = { snapshot: 's', sha256: 'a', clusterUid: 'uid-1', takenAt: '2026-11-23T12:00:00Z', from: 'x' }
  const upgrading = { point, run: '1-1', before: undefined, versions, template: undefined }
  const cluster: Partial<ClusterFacts> = {
    nodes: well.cluster.nodes.map((node, at) => (at === 0 ? { ...node, version: 'v1.32.6' } : node)),
    own: {
      ...own,
      nodes: own.nodes.map((node) => ({ ...node, state: { ...foundOf(node.name), ...node.state, upgrading } })),
    },
  }
  return seenStack({ cluster })
}
