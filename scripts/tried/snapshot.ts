import { by, inFile, type Trial } from './trial.ts'

export const snapshot: Record<string, Trial[]> = {
  ...inFile('unit/kubernetes/rke/restore.test.ts', [
    'Look at the disk of …, then run again.',
    'Look whether the snapshot is the right one; its manifest names another cluster than the one in it.',
  ]),
  ...inFile('unit/kubernetes/rke/snapshot-archive.test.ts', [
    'Take another snapshot.',
    'Take another snapshot: this one cannot bring the cluster back.',
  ]),
  ...inFile('unit/kubernetes/rke/take-snapshot.test.ts', [
    'Look at the disks of the nodes and at their etcd members, then run again.',
    'Run the same again: it goes on from what stands.',
  ]),
  ...inFile('unit/modes/backup.test.ts', [
    'Look at the places that are named, then run mode backup again.',
    'Find out what was lost. If it was meant to go, run mode backup once with accept-drop: true.',
  ]),
  ...inFile('unit/modes/restore.test.ts', [
    'Name a snapshot of this stack, or check provider and name.',
    'Compare `helm get values rancher -n cattle-system` with what you know; another snapshot may be the right one.',
  ]),
  ...inFile('unit/modes/upgrade-doing.test.ts', [
    'Run mode upgrade again to go on; to go back, run mode restore with restore-from.',
  ]),
  ...inFile('unit/remedies/cluster.test.ts', [
    'Check that these are the nodes of this stack, and that it is the right snapshot.',
  ]),
  ...inFile('unit/remedies/snapshots.test.ts', [
    'Give this machine more room in its temp folder: twice what a snapshot takes. Then run again.',
    'Take the state of another node, or another snapshot.',
    'Mend the place, or name another with backup-to; last-snapshot: false goes on without one.',
    'Give cluster-uid, the UID its namespace kube-system had.',
    'Run mode status, and see what the nodes answer.',
    'Take another copy of this snapshot, or another snapshot.',
    'Set backup-identity to the age identity of one of its recipients.',
    'Check backup-identity: it must belong to one of the recipients the snapshot was encrypted to.',
    'Take another snapshot, or another copy of this one.',
    'Run mode status, then mode backup again.',
    'Set snapshot-signer to what the output snapshot-signer of the backup was; unsigned: true opens it whoever signed it.',
    'Name another snapshot with restore-from.',
    'Run mode backup again.',
    'Put the key back from a snapshot (its signer.pem), or remove it from the nodes: a new one is then made.',
    'Name the place with backup-to, or the snapshot with restore-from.',
    'Name a folder this runner may use.',
    'Look at the folder: its disk, its permissions.',
  ]),
  ...inFile('unit/snapshots/stores.test.ts', [
    'Run mode backup again; what was sent does not count.',
    'Run mode backup again; this artifact does not count.',
    'Run again; or take another copy of this snapshot.',
    'Check github-token and its permissions, then run again.',
    'Check bucket, AWS_REGION and the credentials; they need s3:ListBucket, s3:GetObject, s3:PutObject.',
    'Check the bucket and the credentials: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject.',
  ]),
  ...inFile('unit/snapshots/trial.test.ts', ['Run mode backup again; if it stays so, look at etcd on the nodes.']),
  'Name the snapshot to go on with: restore-from with the name of a kept one, or latest.': [
    by(
      'unit/kubernetes/rke/restore.test.ts',
      'Name the snapshot to go on with: restore-from with the name of a kept one, or latest.',
    ),
    by(
      'unit/modes/restore.test.ts',
      'a restore that was begun, and whose file lies on no node any more, goes on with the one that is named',
    ),
  ],
}
