import { obtainState } from '../../../../src/kubernetes/rke/obtain-state.ts'
import { fingerprint, sha256 } from '../../../../src/kubernetes/rke/state.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { foundOf, nodeOf, OTHER_CA, STATE } from './world.ts'

const CA = parseState(STATE, 'fixture').desiredState.certificatesBundle?.['kube-ca']?.certificatePEM ?? ''

type Holds = { kept?: string; summed?: string; runs?: boolean }

/** A node that holds a state, says of it what `summed` is, and runs a cluster. */
function node(number: number, { kept, summed = kept, runs = true }: Holds = {}): FakeHost {
  const {
    where: _where,
    actualSha256: _sum,
    ...file
  } = foundOf('', {
    generation: 4,
    stateSha256: sha256(STATE),
    caFingerprint: fingerprint(CA),
  })
  const stack = kept === undefined ? '' : JSON.stringify(file)
  const sums = summed === undefined ? '' : `${sha256(summed)}  cluster-4.rkestate`
  return fakeHost(nodeOf(number))
    .answers(
      'look',
      `#### stack\n${stack}\n#### states\n${sums}\n#### ca\n${runs ? CA : ''}\n#### runs\n${runs ? 'etcd' : ''}\n#### end\n`,
    )
    .answers('cat /var/lib/rancher-ha/rancher/cluster-4.rkestate', kept ?? '')
    .answers('get secret full-cluster-state', { exitCode: 1 })
    .answers('/registry/secrets/kube-system/full-cluster-state', { exitCode: 1 })
}

const obtains = (hosts: FakeHost[], given?: string) => () => obtainState(fakeHosts(hosts), 'rancher', given)

tries('preflight', [
  [
    'Give the cluster.rkestate as rke-state, or run mode restore.',
    obtains([node(1), node(2)]),
    obtains([node(1), node(2)], STATE),
  ],
])

tries('input', [
  [
    'Give the cluster.rkestate of this very cluster, or none: it is then recovered from the cluster.',
    obtains([node(1)], OTHER_CA),
    obtains([node(1)], STATE),
  ],
  [
    'Give the content of the cluster.rkestate that rke wrote beside its cluster.yml.',
    obtains([node(1)], 'nodes: []'),
    obtains([node(1)], STATE),
  ],
])

tries('kubernetes', [
  [
    'Run again: the state of another node, or of the cluster itself, will be taken.',
    // The file changes between the look at it and its reading.
    obtains([node(1, { kept: '{}', summed: STATE })]),
    obtains([node(1, { kept: '{}' }), node(2, { kept: STATE })]),
  ],
])
