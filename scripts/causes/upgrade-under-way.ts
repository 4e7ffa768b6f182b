import type { Causes } from './cause.ts'

/** Errors of an upgrade that had begun, and of its way back. */
export const upgradeUnderWay: Causes = {
  // Kubernetes
  '… lacks … of Kubernetes …':
    'The bundle does not hold the image, or the node could not pull it; no node was touched for it.',
  'rke-config: system_images.kubernetes is …, the image of …':
    'rke-config names the image of one version, and another version was asked for.',
  '…: its API server presents no certificate: …': 'It had not come up again after its certificate was made anew.',
  '…: its API server still presents the former certificate, until …':
    'rke made a new certificate, and the container was not started again on that node.',
  'cluster: an upgrade begun by run … was not finished: its nodes run ….':
    'A run of mode upgrade was ended while it went from node to node.',
  '…: is not well, and the upgrade that was begun needs all nodes for what is left of it.':
    'A machine was lost while the upgrade went on, and its node has not come back by itself.',
  // Nodes that are replaced
  '… was not drained in time; these pods stayed: …':
    'A disruption budget allows no pod of its kind to go, or a pod does not end when it is told to.',
  '… cannot leave while … is no healthy member of etcd.':
    'Another node was lost while one was being replaced; with a second one away etcd could lose its quorum.',
  'nobody knows any more how Kubernetes … was set up':
    "The run that began the upgrade was ended, and the cluster's state already records the next version.",
  // Rancher
  'of … replicas of Rancher … are ready before the upgrade':
    'A replica is being started, or cannot be; one at a time is replaced, so too few would be left.',
  // the way back
  'the point of return … lies whole on no node any more':
    'Its file was removed from the nodes, or their disks were lost.',
  '…: …\nWhat stands cannot be seen: …':
    'The step that is named did not work out, and the nodes, or the API, do not answer any more.',
  '…: …\nWent back on rung …, …: ….':
    'The step that is named did not work out; the stack was put back, as little as cured it, and proven.',
}
