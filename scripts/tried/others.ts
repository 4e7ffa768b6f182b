import { by, inFile, type Trial } from './trial.ts'

export const ssh: Record<string, Trial[]> = {
  ...inFile('unit/infrastructure/aws/first-contact.test.ts', [
    'Look at its console output, and whether the runner reaches port 22 (runner-cidr, aws-address), then run again.',
  ]),
  ...inFile('unit/kubernetes/rke/upgrade-apply.test.ts', ['Make the node answer and run mode upgrade again.']),
  ...inFile('unit/modes/destroy.test.ts', [
    'Make the machine answer by SSH, or name it in force-nodes to leave it as it is.',
  ]),
  ...inFile('unit/remedies/cluster.test.ts', [
    'Make the node answer by SSH, or replace it; rke would silently build the cluster without it.',
  ]),
  ...inFile('unit/remote/ssh.test.ts', [
    'Look whether the machine runs and is reachable, then run again.',
    'Look at the sshd of … (its log, MaxSessions), then run again.',
    'Look whether … runs, then run again.',
    'Look at what … is busy with, then run again.',
    'Look at the disk of …, then run again.',
  ]),
  'Run the same again: it goes on from what stands.': [
    by('unit/infrastructure/aws/first-contact.test.ts', 'Run the same again: it goes on from what stands.'),
    by('unit/remote/ssh.test.ts', 'Run the same again: it goes on from what stands.'),
  ],
  'Make the node answer and run again.': [
    by('unit/kubernetes/rke/apply.test.ts', 'Make the node answer and run again.'),
    by('unit/kubernetes/rke/restore.test.ts', 'Make the node answer and run again.'),
  ],
}

export const kubernetes: Record<string, Trial[]> = {
  ...inFile('unit/kubernetes/rke/leave.test.ts', [
    'Run mode status to see the members; without a quorum run mode restore.',
  ]),
  ...inFile('unit/kubernetes/rke/obtain-state.test.ts', [
    'Run again: the state of another node, or of the cluster itself, will be taken.',
  ]),
  ...inFile('unit/kubernetes/rke/upgrade-apply.test.ts', [
    'Look at kube-apiserver on that node, then run mode upgrade again.',
    'Restart kube-apiserver on that node, then run mode upgrade again.',
    'Add these images to the airgap-bundle, then run mode upgrade again.',
    'Look whether the node reaches the registry, and whether the registry has the image; then run mode upgrade again.',
  ]),
  ...inFile('unit/kubernetes/rke/drain-node.test.ts', [
    'Look which disruption budget holds them, or why they do not end; then run mode upgrade again.',
  ]),
  'Look at the node that is named, then run mode upgrade again: it goes on from what stands.': [
    by('unit/modes/replacing.test.ts', 'a node that is not well keeps the old one from leaving'),
  ],
  ...inFile('unit/modes/retire.test.ts', ['Run the same again: it goes on from what stands.']),
  ...inFile('unit/modes/upgrade-doing.test.ts', ['Run mode upgrade again to go on.']),
}

export const rancher: Record<string, Trial[]> = {
  ...inFile('unit/rancher/chart.test.ts', [
    'Find out who changed the archive or the index; run again when they agree.',
    'Check the way to the chart repository, or give an airgap-bundle.',
    'Choose another rancher-chart or version.',
    'Set the version to ….',
  ]),
  ...inFile('unit/rancher/ready.test.ts', [
    'Set server-url in the user interface at the first login.',
    'Set server-url to … in the global settings.',
  ]),
  ...inFile('unit/rancher/release.test.ts', ['Look at it with: helm history rancher -n cattle-system']),
  ...inFile('unit/rancher/upgrade.test.ts', [
    'Run the same again: it goes on from what stands.',
    'Look at: kubectl -n cattle-system get pods. Then run mode upgrade again.',
  ]),
}

export const lease: Record<string, Trial[]> = {
  ...inFile('cloud/remedies.test.ts', ['Remove that group if nobody needs it.']),
  ...inFile('unit/infrastructure/local/lock.test.ts', [
    'Wait until that run has ended, or give `wait-for-lease` the time it may take.',
  ]),
  ...inFile('unit/modes/restore-strategy.test.ts', [
    'Switch … off, and name it in force-nodes.',
    'Stop the machine of …, or make it answer.',
  ]),
  ...inFile('unit/remote/node-lease.test.ts', [
    'Run the same again: it goes on from what stands.',
    'Look whether the nodes run and are reachable, then run again.',
    'Bring a majority of the nodes back, or use mode restore.',
  ]),
  ...inFile('unit/run-steps.test.ts', ['Wait until the other run has ended, then run the same again.']),
  'Let that run end, or set wait-for-lease.': [
    by('unit/remote/node-lease.test.ts', 'Let that run end, or set wait-for-lease.'),
    by('e2e/pool/leases.ts', 'two installs at once: the other waits as asked, and then finds nothing to do'),
  ],
  'Let that run end, or set wait-for-lease. It is taken for dead 5 minutes after ….': [
    by(
      'cloud/door.test.ts',
      'a claim that was not renewed for five minutes is taken over, as is that of an earlier attempt',
    ),
    by('cloud/converge.test.ts', 'two runs at once make one stack: one has the claim, the other finds it done'),
  ],
}

export const timeout: Record<string, Trial[]> = {
  ...inFile('unit/kubernetes/rke/rke-process.test.ts', ['Run again.']),
  ...inFile('unit/run-steps.test.ts', ['… Give it more time if it has too little each time.']),
  'Run the same again: it goes on from what stands.': [
    by('unit/run-steps.test.ts', 'Run the same again: it goes on from what stands.'),
    by(
      'e2e/pool/kills.ts',
      'cancelled at each step, one after the other, each time the runner lost: the last install converges',
    ),
  ],
}

export const bug: Record<string, Trial[]> = {
  ...inFile('unit/kubernetes/rke/rke-process.test.ts', [
    'Run again; if it stops at the same place, report this with the log of the run.',
  ]),
}
