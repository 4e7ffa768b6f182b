import type { Causes } from './cause.ts'

/** Errors of kind `input` and `preflight`: they are told before anything is changed. */
export const before: Causes = {
  // Inputs
  'mode: expected one of …, got ….': 'The input was left out or misspelt.',
  '…: expected … (mode …).': 'The value of the input has another form than the one it is read in.',
  '…: … (mode …).': 'The input belongs to a later version. A stack must not come up without what was asked for.',
  '…: needed with … and mode …, got nothing….':
    'Another input asks for this one. A secret that is empty counts as not given: look whether it is set where the job may read it.',
  'tls-certificate: … (mode …).': 'The certificate is not for the host name, or not valid today.',
  'tls-private-key: expected the key of tls-certificate, got another one (mode …).':
    'Certificate and key were renewed apart, or belong to two names.',
  'force-nodes: expected names of hosts (…), got "…" (mode …).': 'It names a machine that the input hosts does not.',
  'hosts: expected an odd number of machines from 3 to 7, got … (mode …).':
    'With an even number a split may leave two equal halves, and one machine more than an odd number bears no more losses.',
  'node-count: expected as many as there are hosts (…), got … (mode …).': 'Both inputs were given, and differ.',
  'node-count: … can leave only while all others are healthy members of etcd; not well: ….':
    'Fewer nodes are asked for than stand, and a cluster that shrinks around a broken member could lose its quorum.',
  'kubernetes-version: expected a version that rke … installs (…), got v… (mode …).':
    'A release of rke knows a few versions of Kubernetes, and no others.',
  'kubernetes-version: rke does not know …; it knows …':
    'A release of rke knows a few versions of Kubernetes, and no others.',
  'kubernetes-version: the cluster runs …, and install never changes a running version; got …':
    'The input was changed for a stack that stands. Changing a version needs a snapshot and a way back.',
  'kubernetes-version: Rancher … runs on Kubernetes … to …, got ….':
    'This Rancher was never released for that Kubernetes.',
  'rancher-version: Rancher … is not in the table of known sets (… to …).':
    'Nothing is known of what this Rancher runs on, so it cannot be judged.',
  'rancher-version: Rancher … does not run on distribution ….…': 'Rancher 2.12 dropped RKE v1.',
  'helm-version: Rancher … needs Helm … or newer, got ….': "Rancher's release notes ask for it.",
  'helm-version: Helm … does not go with Kubernetes …; these do: ….':
    'Helm supports the Kubernetes it was built with and three minors before.',
  'cert-manager-version: cert-manager … does not go with Kubernetes …; these do: ….':
    'Each minor of cert-manager names the Kubernetes it supports.',
  'rancher-version: Rancher … is running, asked is …; install does not change a running version.':
    'The input was changed for a stack that stands. Changing a version needs a snapshot and a way back.',
  'cert-manager-version: cert-manager … is running, asked is …; install does not change a running version.':
    'The input was changed for a stack that stands.',
  'rancher-chart: … is version …, … is ….':
    'The archive at the path is of another version than the one asked for, or running.',
  'rancher-chart: there is no "…".': 'The path is wrong, or the step that makes the file did not run in this job.',
  'latest-patch: the chart repository has no release of ….': 'The repository has dropped that minor, or never had it.',
  'latest-patch of … is read from its chart repository, and an airgap-bundle reaches none.':
    'Which patch is the latest is known to the repository alone.',
  'helm-values: …: got …. …':
    'The value decides whether Rancher is what this action proves; it has an input of its own.',
  'rke-config: … is set by the action and cannot be set here':
    'The action renders that part of cluster.yml from its own inputs and from what stands.',
  'rke-state: its CA is not the one the cluster runs with':
    "It is the state of another cluster, or of this one's earlier life.",
  '…: expected a cluster.rkestate with a CA, got something else': 'The text is cut, or is cluster.yml or a kubeconfig.',
  'ssh-bastion: expected [user@]address[:port], got "…".': 'The input is malformed.',
  'confirm: this stack has a cluster: expected …, got ….':
    'Whoever destroys a stack without a time to live has to type its name.',
  'distribution: expected rke for a new stack (mode install), got nothing.':
    'How Kubernetes is installed is decided once for a stack, by a person.',
  'airgap-bundle: it holds no chart ….': 'The bundle was built for other versions.',
  'airgap-bundle: … is no bundle: bundle.json does not fit: ….': 'The bundle was made by another version, or by hand.',
  'airgap-bundle: … is no bundle: it cannot be read.': 'The path is wrong, or the runner may not read it.',
  'airgap-bundle: … is no bundle: it is not a tar that can be unpacked.':
    'The file is cut or damaged, or something else.',
  'airgap-bundle: … is no bundle: it has no readable bundle.json at its top.':
    'The tar holds a folder that holds the bundle, or is something else.',
  'airgap-bundle: expected … for …, got ….': 'The bundle holds the tool in another version.',
  'airgap-bundle: the image archives … are missing.': 'The bundle was copied in part.',
  '… cannot be read: …': 'A file that was to be sent to a machine is not there.',
  'GitHub does not take the github-token: ….': 'The token has ended, was revoked, or is mistyped.',

  // What stands
  'expected-plan: expected a plan of digest …, got ….':
    'Between the dry run and this run something changed: a machine, a version, an input.',
  'There is no stack "…" of … here.': 'The name, the provider or the repository is another one than at install.',
  '…: … is the same machine as … (…).': 'Two lines of hosts name one machine by two addresses.',
  'load-balancer: … does not resolve to an address.': 'The name is mistyped, or known in another network only.',
  '…: cannot be reached: …': 'The machine is off, its address is another one, or a firewall stands between.',
  '…: expected architecture x86_64, got …': 'rke v1 has no images for other machines.',
  '…: its sshd forwards no TCP': 'AllowTcpForwarding is off in its sshd_config; rke is reached through it.',
  '…: no Docker daemon answers': 'Docker is not installed or not started; rke v1 runs Kubernetes in Docker.',
  '…: expected Docker older than …, got …': 'rke v1 does not know newer ones.',
  '…: user … may not use Docker': 'ssh-user is not in the group docker.',
  '…: expected … free below /var/lib, got …': 'Images and etcd would fill the disk.',
  '…: ports in use: …': 'Another program listens where etcd, Kubernetes or the ingress has to.',
  '…: runs containers of others: …': 'The machine has a cluster that is not of this stack, and rke would take it over.',
  "…: its clock is … off the others', more than …": 'Certificates and elections fail between clocks so far apart.',
  "…: its host name … is another node's too": 'Kubernetes tells nodes apart by name.',
  'hostname: the stack answers to …, which cannot change on a live stack; got …':
    'Rancher and all clusters it manages know it by that name.',
  'hostname: this Rancher answers to …, got …; the name of a live Rancher cannot change.':
    'Rancher and all clusters it manages know it by that name.',
  'hostname: … stands in the hosts file of this machine already, with ….':
    'Another stack, or a person, wrote that line.',
  'cluster: the stack had a cluster (…), and there is none on its nodes':
    'All nodes were lost or wiped. An empty Rancher in its place would look as if all were well.',
  'cluster: expected the cluster …, got …': 'The machines carry another cluster than the one that is remembered.',
  'etcd: has lost its quorum: of … members … must agree; data is left on …': 'A majority of the nodes is gone.',
  'state: …': 'The states the nodes keep contradict each other.',
  'state: there is a cluster on these nodes, and its state is not to be had: …':
    'The folder of the state is gone from every node, and the cluster does not answer.',
  "the cluster's state is not to be had: …":
    'The folder of the state is gone from every node, and the cluster does not answer.',
  '…: stack.json is of a format this version does not know': 'A newer version of the action wrote it.',
  'rancher: Helm release rancher is "…" since …, by a call of Helm that is not this action\'s.':
    'Somebody runs helm by hand, or a helm of theirs was killed.',
  'cert-manager: Helm release cert-manager is "…" since …, by a call of Helm that is not this action\'s.':
    'Somebody runs helm by hand, or a helm of theirs was killed.',
  'stack …: stands on this machine already and belongs to … (…).': 'Two repositories use one name on one machine.',
  '…: has a name of this stack, but not its labels: it was made by something else.':
    'A container, volume or network was made by hand under that name.',
  'What the stack remembers of its cluster cannot be read.': 'The file was changed by hand, or the disk is damaged.',
  'There is no docker client on this machine.': 'Provider local starts its machines with Docker.',
  'The Docker daemon does not answer: …': 'It does not run, or DOCKER_HOST names another.',
  '… could not be written (exit code …): …':
    "The name of the stack is told to this machine in its hosts file, which is root's.",
  '… could not be written, for want of a program: …': 'The runner is not root, and has no sudo.',
  'Every /24 network of ….0.0/16 is in use on this machine.':
    'Networks of earlier stacks or of other tools were never removed.',
  'The OpenSSH client `ssh` could not be started.': 'A bare container has none.',
  '… is released for amd64 and arm64, and this machine is ….': 'The runner has another processor.',
  'tools: …': 'A tool, bundle or mirror that was asked for does not fit.',
  '…: expected SHA-256 …, got ….': 'The file is not the one that was checked: cut, changed, or of another build.',
  '…: expected SHA-256 …, got …': 'The file is not the one that was checked: cut, changed, or of another build.',
  '… gives no SHA-256 for ….': 'The release does not have that file.',
  '… could not be downloaded: ….': 'There is no such version, or the way out is barred.',
  'GitHub …: ….': "The job's token was not given the permission, or what is asked for is not there.",
  'GitHub cannot …: ….': 'Issues are switched off in the repository.',
}
