import type { Causes } from './cause.ts'

const NOT_THERE = 'An upgrade takes what runs somewhere; it makes nothing, and mends nothing.'
const ONE_BY_ONE = 'While one node is upgraded the others carry the stack, so all of them must be well before.'

/** What stands against an upgrade: told before anything is changed. */
export const upgradeRefused: Causes = {
  // Inputs
  'rancher-chart: … (mode upgrade).':
    'Rancher\'s documentation: "Upgrades are not supported to, from, or between Alphas".',
  // The path
  '…: … is running, asked is …: upgrade never goes back.':
    'Newer versions have migrated the data; an older one cannot read it. Only a snapshot from before goes back.',
  'kubernetes-version: an upgrade to Kubernetes … was begun and not finished, asked is …: upgrade never goes back.':
    'A run was ended when some nodes had their new version already. A node cannot be taken back below the others.',
  '…: … is not to be had: … offers ….':
    'Versions are read from the chart repository, the bundle, or the rke of this run. Community repositories stop earlier than git tags.',
  '…: … goes from … to … by way of …, and … offers none of that minor.':
    'No minor may be skipped, and the one in between is not where this run takes its versions from.',
  '…: … goes one minor at a time, and no way is known from … to ….': 'Nothing is known of a step over a major version.',
  // The stack
  'cluster: this cluster was not taken up by this action yet.':
    'Nothing is written on its nodes of what was asked of it: it was made by other means.',
  'node-count: the stack has … nodes, asked are …; upgrade does not change how many.':
    'The input was changed together with a version. How many machines there are is the affair of mode install.',
  '…: does not run.': ONE_BY_ONE,
  '…: is not Ready, and an upgrade takes one node after the other from those that are': ONE_BY_ONE,
  'etcd on …: does not run': ONE_BY_ONE,
  'etcd on …: is not healthy: …': ONE_BY_ONE,
  'etcd on …: knows the members …, expected …':
    'A member was lost or added by hand: what a quorum is would change in the middle of the upgrade.',
  '…: expected 3.0 GiB free below /var/lib for the images of an upgrade, got … GiB':
    'The images of the new Kubernetes lie beside those of the old one until the kubelet clears them away.',
  'certificates: a CA of the cluster is about to end: …. New certificates would end with it.':
    'rke made the CA for ten years. A new one has to reach every kubeconfig and every pod.',
  // Rancher
  'rancher: there is no Rancher on this cluster.': NOT_THERE,
  'rancher: its first install never came to its end.': NOT_THERE,
  'rancher-version: Rancher … takes nothing of RKE1, and this Rancher manages ….':
    'Rancher 2.12 dropped RKE1. Its chart looks for such clusters in a hook, half-way; it is better known before.',
  'helm-values: …: the chart of Rancher … does not take it as it stands (since …). …':
    'The value was set for an earlier chart, and the later one ignores it without a word.',
  'Rancher …: its chart does not take the values it is to get on Kubernetes …: …':
    "The chart's values.schema.json, or a check of its own, refuses a value; or the chart is not to be had.",
  'cert-manager-version: cert-manager was installed by somebody else, and is left alone.':
    'Its kinds are there without a Helm release of the name cert-manager.',
  'cert-manager-version: there is no cert-manager here: the certificate is not its affair.':
    'With tls-source secret nothing needs cert-manager.',
}
