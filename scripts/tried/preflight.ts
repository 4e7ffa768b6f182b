import { by, inFile, type Trial } from './trial.ts'

export const preflight: Record<string, Trial[]> = {
  ...inFile('cloud/remedies.test.ts', [
    'Set runner-cidr to the ranges it comes from, or aws-address to private where it is in the network.',
    'Set aws-vpc to the id of a network, or to a tag Key=Value that one network has.',
    'Set aws-subnets to subnets of that network, one a zone, by id or by a tag Key=Value.',
  ]),
  ...inFile('scenarios/what-a-refusal-asks-for-is-enough.test.ts', [
    'Install OpenSSH on the machine this runs on (Debian: openssh-client).',
  ]),
  ...inFile('unit/github/client.test.ts', [
    'Add "…" to the permissions of the job….',
    'Switch issues on in the settings of the repository, or leave failure-issue out.',
  ]),
  ...inFile('unit/infrastructure/aws/credentials.test.ts', [
    'Give the job the permission `id-token: write`, or leave aws-role out and bring credentials another way.',
  ]),
  ...inFile('unit/infrastructure/hosts/hosts.test.ts', [
    'Give each machine one line in `hosts`.',
    'Give `load-balancer` an address, or a name this runner can resolve.',
  ]),
  ...inFile('unit/infrastructure/local/docker-cli.test.ts', [
    'Install and start Docker on the runner, or let DOCKER_HOST name a daemon it may use.',
  ]),
  ...inFile('unit/infrastructure/local/memory.test.ts', [
    'Look at memory.json on the load balancer machine; remove it only when there is no cluster to lose.',
  ]),
  ...inFile('unit/infrastructure/local/refuse.test.ts', [
    'Remove the …, if nobody needs it, or choose another `name`.',
    'Choose another `name`, or let that owner destroy its stack.',
    'Remove that line, or choose another `hostname`.',
  ]),
  ...inFile('unit/infrastructure/local/runner.test.ts', [
    'Let the runner be root, or let it use sudo without a password.',
  ]),
  ...inFile('unit/infrastructure/local/subnet.test.ts', [
    'Remove Docker networks or routes in that range that nobody needs (docker network prune, ip route).',
  ]),
  ...inFile('unit/kubernetes/rke/inspect.test.ts', ['Run the version of the action that wrote it, or a newer one.']),
  ...inFile('unit/kubernetes/rke/load-images.test.ts', ['Make the air-gap bundle again.']),
  ...inFile('unit/kubernetes/rke/obtain-state.test.ts', [
    'Give the cluster.rkestate as rke-state, or run mode restore.',
  ]),
  ...inFile('unit/kubernetes/rke/restore.test.ts', [
    'Make room on its disk: a full one stops etcd.',
    'Make room on the disk of its temporary folder (RUNNER_TEMP).',
  ]),
  ...inFile('unit/kubernetes/rke/rke-process.test.ts', [
    'Mend rke-config or kubernetes-version and run again.',
    'Run again: it goes on from what stands.',
  ]),
  ...inFile('unit/modes/mend-machines.test.ts', [
    'Run mode install with the inputs of the stack: it brings back what is missing. Then run mode upgrade again.',
  ]),
  ...inFile('unit/modes/restore-strategy.test.ts', [
    'Run mode install, which goes on with it; or set restore-from to the snapshot to put in its place.',
  ]),
  ...inFile('unit/modes/restore.test.ts', [
    'Run mode install; if there was one, run mode restore.',
    'Run mode restore: it saves what the survivors know before anything else.',
    'Name a stored snapshot with restore-from: its manifest tells the name.',
  ]),
  ...inFile('unit/modes/retire.test.ts', ['Run install with node-count … first: it mends them. Then run this again.']),
  ...inFile('unit/modes/upgrade.test.ts', [
    'What stands has changed since that plan was made: look at the new plan, and run with its digest.',
  ]),
  ...inFile('unit/rancher/refuse-upgrade.test.ts', [
    'Mend helm-values; those of the release are shown by: helm get values rancher -n cattle-system.',
  ]),
  ...inFile('unit/remedies/cluster.test.ts', [
    'Give hostname: …, or make another stack.',
    'Check that these are the nodes of this stack.',
    'Keep the right state on one node only, or run mode restore.',
    'Give its cluster.rkestate as rke-state, or run mode restore.',
    'Use 64-bit x86 machines; rke has images for no other.',
    'Set AllowTcpForwarding yes in sshd_config: rke reaches Docker and Kubernetes that way.',
    'Install Docker older than 29 and start it.',
    'Install Docker 28 and hold it: rke speaks an API that 29 dropped.',
    'Add … to the group docker.',
    'Make room: etcd stops writing when its disk is full.',
    'Stop what listens there, or use another machine.',
    'Use a machine of its own for each node, or remove these containers.',
    'Synchronise the clocks (chrony, systemd-timesyncd).',
    'Give each machine a host name of its own.',
  ]),
  ...inFile('unit/remedies/upgrade.test.ts', [
    'Make room: a kubelet evicts pods, and etcd stops writing, when the disk is full.',
    'Run mode install with the inputs of the stack.',
    'Run mode install with the inputs of the stack, then upgrade.',
    'Leave out cert-manager-version.',
    'Leave out kubernetes-version, or set it to …: the upgrade goes on. To go back, run mode restore.',
    'Replace these clusters by RKE2 or K3s and remove their templates first, or stay below Rancher 2.12.',
    'Set hostname to …, or make a new stack under another name.',
    'Run mode upgrade, or set rancher-version to … or leave it out.',
    'Run mode upgrade, or set cert-manager-version to … or leave it out.',
    'Give the chart of …….',
    'Wait until it ends and run again; if it is dead, a run 15 minutes after its start takes over.',
    'Remove addLocal from the values.',
    'Give its users another global role, then remove restrictedAdmin from the values.',
    'Set auditLog.enabled: true in helm-values too.',
    'Leave out …; to go back, run mode restore with a snapshot taken before ….',
    'Give ….',
    'Set … to …, or give ….',
    'Set … to a version of the same major.',
  ]),
  ...inFile('unit/snapshots/stores.test.ts', [
    'Name a folder (file:path) or a bucket (s3://…).',
    'Run it on …, or name a folder or a bucket.',
    'Give github-token, with the permission actions: read.',
    'Give the job "permissions: { actions: read }", or a token that has it.',
    'Run again.',
    'Give the job "permissions: { actions: write }", or a token that has it.',
  ]),
  ...inFile('unit/tools/bundled-tools.test.ts', [
    'Give the directory or tar that was built as a bundle.',
    'Ask for the version the bundle has (…-version), or give a bundle that has this one.',
    'Give the bundle as it was built.',
  ]),
  ...inFile('unit/tools/released-tools.test.ts', [
    'Find out who changed the file; a mirror or a bundle may be damaged.',
    'Ask for another version, or give a mirror or bundle that has it.',
    'Check the version that was asked for.',
    'Run on an amd64 or arm64 machine.',
  ]),
  'Run mode restore to bring it back, or say new-cluster: true to begin anew.': [
    by('unit/remedies/cluster.test.ts', 'Run mode restore to bring it back, or say new-cluster: true to begin anew.'),
    by('unit/modes/restore.test.ts', '%s: everything is back on three nodes'),
  ],
  'Run mode restore again: it goes on with the same snapshot.': [
    by('unit/kubernetes/rke/restore.test.ts', 'Run mode restore again: it goes on with the same snapshot.'),
    by('unit/modes/restore.test.ts', '%s: killed at each act and run again, all is back'),
  ],
  'Run mode install with the inputs of the stack: it brings back what is missing. Then upgrade.': [
    by(
      'unit/remedies/upgrade.test.ts',
      'Run mode install with the inputs of the stack: it brings back what is missing. Then upgrade.',
    ),
    by('e2e/life.e2e.ts', 'a node wiped: install brings three members back, with the same cluster and its data'),
  ],
  'Run mode install with the inputs of the stack: it joins the member anew. Then upgrade.': [
    by(
      'unit/remedies/upgrade.test.ts',
      'Run mode install with the inputs of the stack: it joins the member anew. Then upgrade.',
    ),
    by('e2e/life.e2e.ts', 'a node wiped: install brings three members back, with the same cluster and its data'),
  ],
  'Run mode upgrade again: it goes on from what stands.': [
    by('unit/remedies/inputs.test.ts', 'Run mode upgrade again: it goes on from what stands.'),
    by('unit/modes/upgrade-doing.test.ts', 'at any act, the next run ends where the first one would have'),
  ],
  'Run mode install with the inputs of the stack once: it changes no version.': [
    by('unit/remedies/upgrade.test.ts', 'Run mode install with the inputs of the stack once: it changes no version.'),
    by('e2e/pool/adopt.ts', 'a cluster made by bare rke up is adopted: no container restarted, and then an empty plan'),
  ],
  'Check the network, http-proxy and tool-mirror.': [
    by('scenarios/what-a-refusal-asks-for-is-enough.test.ts', 'Check the network, http-proxy and tool-mirror.'),
    by('unit/tools/released-tools.test.ts', 'Check the network, http-proxy and tool-mirror.'),
  ],
  'Run mode restore: it saves what the survivors know. rke cannot mend this.': [
    by('e2e/life.e2e.ts', 'the quorum lost: status names restore, restore brings back what the survivor knows'),
  ],
  'Look whether name and provider are right, or run mode install.': [
    by('e2e/life.e2e.ts', 'bare: status and destroy find nothing, a dry run makes nothing'),
    by('e2e/life.e2e.ts', 'dry run and status on a healthy stack: nothing to do, all yes, nothing written'),
  ],
  '… Then run mode upgrade again: it goes on from what stands.': [
    by(
      'unit/modes/upgrade-doing.test.ts',
      'a machine that dies half-way is cured by neither version; the next run goes on',
    ),
  ],
  'Mend what is named and run mode upgrade again: it goes on from what stands. Or go back with ….': [
    by(
      'unit/modes/upgrade-doing.test.ts',
      'left as it stands: what is named is mended, and the same run again gets through',
    ),
  ],
  'Find out why the step failed, by what is told above; then run mode upgrade again, with another version if that one is bad.':
    [by('unit/modes/upgrade-doing.test.ts', 'gone back: with another version it gets through')],
  'Make a new CA by hand first, as docs/upgrade.md shows: rke cert rotate --rotate-ca, and a restart of what runs in the cluster. Then remove stack.json of this stack below /var/lib/rancher-ha on every node, and run mode install with the new cluster.rkestate as rke-state.':
    [by('e2e/pool/state.ts', 'a new CA made by hand: refused beside the state of the former one, then taken over')],
}
