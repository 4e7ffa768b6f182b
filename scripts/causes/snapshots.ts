import type { Causes } from './cause.ts'

/** Errors of copies of the data: how they are made, kept, opened and restored. */
export const snapshots: Causes = {
  // What forbids a backup or a restore
  'unsigned: expected either a snapshot-signer or unsigned, got both (mode …).':
    'One says whose snapshots may be opened, the other that it does not matter.',
  'backup-recipients: expected public keys of age, got "…", whose check digits are wrong.':
    'The key was cut or mistyped when it was copied.',
  'backup-recipients: a last snapshot of what stands is kept first, and an artifact is readable by all who may read the repository.':
    'Before anything is given up it is saved, by default as an artifact, and those are kept encrypted only.',
  'backup-to: expected a job of GitHub Actions for artifact, and this is none.':
    'Artifacts are made through the runner, and this run is not in a job.',
  'backup-to: artifacts count only of runs of the default branch (…), and this run is of ….':
    'Whoever may open a pull request could otherwise put a snapshot of theirs where the next restore looks.',
  'backup-to: file:… cannot be …: ….': 'The folder is not there, not mounted, or belongs to somebody else.',
  'backup-to: … cannot be listed: ….': 'The bucket, its region or the credentials are not those that belong together.',
  'backup-to: …': 'The repository could not be looked at, or there is no github-token to look with.',
  'github-token: needed to find the artifacts of other runs, got nothing.':
    "The runner's own token makes artifacts; only a token of the job finds those of other runs.",
  'github-token: listing artifacts needs the permission actions: read: ….':
    "The job's token was not given the permission.",
  'github-token: listing artifacts failed: ….': 'An outage of GitHub, or no way to it.',
  'github-token: removing old artifacts needs the permission actions: write: ….':
    'keep-last or keep-days asks for old ones to be removed, and the token may only read.',
  'github-token: removing old artifacts failed: ….': 'An outage of GitHub, or no way to it.',
  '…: expected … free for a snapshot, got …': 'The disk of the node is nearly full.',
  'cluster: …': 'The cluster does not serve, so a snapshot of it cannot be compared with it.',
  'cluster: a restore from …, taken …, was begun and not finished':
    'A run of mode restore was killed half-way; its nodes remember what they were being restored from.',
  'restore-from: expected a stored snapshot, got survivor: ….':
    'There is no survivor to restore from: either nothing was lost, or no node has anything left.',
  'restore-from: the cluster was begun and never finished.':
    'An install was killed half-way, so there was never anything to bring back.',
  'restore-from: expected a snapshot of cluster …, got one of ….':
    'The snapshot is of an earlier life of this stack, or of another stack of the same name.',
  'restore-from: the snapshot is one of cluster …, and … stands on these nodes':
    'The machines carry another cluster, which a restore would wipe.',
  '…: does not answer and may still run: with … of … nodes a restore goes on only when the others are known to be off.':
    'Less than a majority answers. Were the others only cut off from this runner, two clusters would go on apart.',
  'nobody knows the name this Rancher answers to':
    'The nodes that remembered it are gone, and the survivors do not tell it.',
  'nobody knows the UID of the cluster that is left':
    'The survivor keeps etcd, and not what the action wrote beside it.',

  // Taking one
  'there is no cluster on these nodes to take a snapshot of': 'It was taken away, or never made.',
  'no node has a good snapshot\n…': 'What rke wrote was cut or damaged on every node; the reason of each is told.',
  'The snapshot is of an unknown cluster: no node tells the UID of kube-system.':
    'The API server did not answer, and the nodes do not remember it.',
  "the cluster's state names no nodes and no version": 'The state is of a cluster that was never made.',
  "rke's archive is damaged: …": 'The file was cut or changed on the disk of the node, or on its way.',
  "rke's archive lacks etcd's snapshot …; it holds …": 'The archive was renamed, or another version of rke made it.',
  "rke's archive lacks the cluster's state; it holds …":
    'rke had no state when it made the archive, or another version of rke made it.',
  'The etcd snapshot is damaged: ….': 'The file was cut or changed on a disk, or on its way.',
  'The etcd snapshot is damaged: it cannot be read.': 'The file was removed, or the disk of this machine fails.',
  'The etcd snapshot is damaged: … bytes are no database with its digest behind it.':
    'The file was cut, or is something else: a copy of the data folder has no digest.',
  'The etcd snapshot is damaged: its content does not have the SHA-256 etcd gave it.':
    'The file was changed on a disk, or on its way.',
  'The snapshot is not what the cluster holds: ….':
    'It was taken from another cluster, or from a member that had fallen behind.',
  'The snapshot is doubted: it holds ….':
    'Much was deleted since the snapshot before: on purpose, by mistake, or because the cluster was made anew.',
  'The snapshot does not restore: ….': 'What came back differs from what the file holds, or etcd ended.',
  'The snapshot does not restore: etcdutl does not restore it: ….':
    'The file is damaged in a way its digest does not show, or the disk of this machine is full.',
  'The snapshot does not restore: the restored etcd did not serve within … s.': 'This machine is too slow or too full.',
  'The snapshot does not restore: etcd answered …: ….': 'The restored etcd serves, and cannot read what it has.',
  'The snapshot could not be written on this machine: …': "The disk of the runner's temp folder is full or read-only.",
  '… changed while it was packed.': "Something else writes into the run's folder, or the disk fails.",
  "The stack's key for snapshots, on its nodes, is no Ed25519 key.": 'The file was changed by hand, or cut.',

  // Keeping one
  'Not every place took the snapshot. …': 'A place was full, out of reach, or refused; the others have it.',
  'No place took the last snapshot. …': 'Every place was full, out of reach, or refused.',
  'The artifact … was not stored: …': 'The artifact service refused, or the connection to it ended.',
  'The artifact … has …: expected sha256:….': 'What arrived is not what was sent.',
  'The artifact … has sha256:…: expected sha256:….': 'What arrived is not what was sent.',
  'file:…: …': 'The disk is full, or the folder is not mounted any more.',
  'removing an artifact (actions: write) failed: …': "The job's token may only read, or GitHub did not answer.",
  'looking at the repository failed: …': 'The token was not taken, or GitHub did not answer.',
  'looking at an artifact (actions: read) failed: …': "The job's token may not, or GitHub did not answer.",
  'listing artifacts (actions: read) failed: …': "The job's token may not, or GitHub did not answer.",
  'looking at a run (actions: read) failed: …': "The job's token may not, or GitHub did not answer.",

  // Opening one
  'There is … in ….':
    'It is kept in another place, was removed, is doubted, or is an artifact of a run that does not count.',
  'There is no artifact … that may be trusted.':
    'It has expired, or a run of a pull request or another branch made it.',
  'The artifact … could not be fetched: …': 'It has expired, the token may not read it, or the connection ended.',
  'The artifact … came back with another SHA-256 than it was stored with.': 'It was cut or changed on its way.',
  'The snapshot is encrypted, and there is no identity to open it with.':
    'backup-identity was not given, or is empty where the job may read it.',
  'The snapshot cannot be decrypted: ….': 'The identity belongs to none of its recipients, or the file is damaged.',
  'The snapshot is damaged: ….': 'The file was cut or changed where it was kept, or is no snapshot of this action.',
  'The snapshot is signed by …: ….': "Another stack made it, or somebody forged it; or this stack's key was renewed.",
  'The snapshot does not fit: it is of stack …, and this is "…" of ….':
    'Two stacks keep theirs in one place, or the repository was renamed.',
  'The snapshot does not fit: it is stored as …, and is ….':
    'The file was renamed, or one was put in the place of another.',
  'The snapshot does not fit: it is of cluster …, and … was expected.':
    'The file carries the name of a snapshot of another cluster.',

  // Restoring one
  '…: …: expected SHA-256 …, got …': 'The file was cut on its way to the node, or its disk fails.',
  'the snapshot … of the restore that was begun lies on no node any more':
    'The nodes that had it were made anew, or it was removed by hand.',
  'expected the cluster …, got …': 'The manifest of the snapshot names another cluster than the one in it.',
  'Rancher runs with other Helm values than the snapshot says it was installed with.':
    'Somebody changed them with helm after they had been read, or before the snapshot was taken.',
}
