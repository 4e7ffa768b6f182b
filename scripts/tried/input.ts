import { by, inFile, type Trial } from './trial.ts'

export const input: Record<string, Trial[]> = {
  ...inFile('scenarios/what-a-refusal-asks-for-is-enough.test.ts', [
    'Leave out what this version does not have.',
    'Set kubernetes-version to one of ….',
    'Set mode to one of ….',
    'Set helm-version to one of ….',
    'Set cert-manager-version to one of ….',
    'Set rancher-version to one of these minors, for example ….',
    'Set rancher-version to … (the tested set), or choose another distribution.',
    'Set kubernetes-version to one of … to …….',
  ]),
  ...inFile('unit/github/client.test.ts', [
    'Leave github-token out to use the token of the job, or give one that has not ended.',
  ]),
  ...inFile('unit/kubernetes/rke/obtain-state.test.ts', [
    'Give the cluster.rkestate of this very cluster, or none: it is then recovered from the cluster.',
    'Give the content of the cluster.rkestate that rke wrote beside its cluster.yml.',
  ]),
  ...inFile('unit/kubernetes/rke/upgrade-apply.test.ts', ['Set it to the image of …, or leave it out.']),
  ...inFile('unit/rancher/chart.test.ts', [
    'Set rancher-chart to latest, stable, alpha, a repository URL, or the path of a chart.',
    'Add the chart to the bundle, or set the version that the bundle holds.',
    'Set an exact version.',
    'Set the exact version that the bundle holds.',
  ]),
  ...inFile('unit/remedies/cluster.test.ts', [
    'Remove … from rke-config; nodes, versions and keys have inputs of their own.',
    'Leave kubernetes-version out, or run mode upgrade.',
    'Give one of these versions, or none for the tested one.',
    'Name a stored snapshot, or latest.',
  ]),
  ...inFile('unit/remedies/inputs.test.ts', [
    'Give another key, such as one made by ssh-keygen -t ed25519.',
    'Set helm-version to … or newer.',
    'Set another kubernetes-version.',
  ]),
  ...inFile('unit/remedies/snapshots.test.ts', [
    'Give backup-recipients, another place with backup-to, or last-snapshot: false to go on without one.',
    'Copy the public key again.',
  ]),
  ...inFile('unit/remedies/upgrade.test.ts', [
    'Leave it out of helm-values.',
    'Set the input tls-source, with mode install.',
    'Set the input bootstrap-password.',
    'Set the input tls-ca.',
  ]),
  'Correct the inputs and run again.': [
    by('scenarios/what-a-refusal-asks-for-is-enough.test.ts', 'Correct the inputs and run again.'),
    by('unit/remote/ssh.test.ts', 'Correct the inputs and run again.'),
  ],
  'Set confirm to … if the stack is to go: a last snapshot is kept off the nodes, unless last-snapshot is false.': [
    by(
      'unit/modes/destroy.test.ts',
      'Set confirm to … if the stack is to go: a last snapshot is kept off the nodes, unless last-snapshot is false.',
    ),
    by('e2e/life.e2e.ts', 'destroy: refused without the host name, then leaves nothing'),
  ],
  'Set distribution to rke.': [
    by('unit/remedies/inputs.test.ts', 'Set distribution to rke.'),
    by('e2e/life.e2e.ts', 'bare: a new stack must be told its distribution'),
    by('e2e/life.e2e.ts', 'install: three nodes, three members, three replicas, proven and seen'),
  ],
}
