import type { Refusal } from '../errors.ts'
import type { RunId, StackId } from '../node.ts'
import type { Signer } from './signer.ts'

/** What a part of a snapshot is. */
export type PartRole = 'distribution' | 'state' | 'values' | 'signer'

/** One file inside a snapshot; the distribution's own keeps the name the distribution knows it by. */
export type Part = { role: PartRole; file: string; sizeBytes: number; sha256: string }

/** What a snapshot says of itself. It is signed with the rest, and holds no secret. */
export type Manifest = {
  format: 1
  /** Unique wherever it lies; see `renderName`. */
  name: string
  stack: StackId
  /** The run that took it. */
  run: RunId
  takenAt: Date
  /** UID of kube-system: which cluster this is. */
  clusterUid: string
  hostname: string
  /** SHA-256 fingerprint of the cluster's CA, lower case without colons. */
  caFingerprint: string
  /** `snapshot` is the name the distribution gave it, by which it restores it. */
  distribution: { name: 'rke'; snapshot: string }
  versions: { kubernetes: string | undefined; rancher: string | undefined; chart: string | undefined }
  nodes: { name: string; address: string; privateAddress: string }[]
  /** Names of the etcd members. */
  members: string[]
  etcd: Contents
  /** What was asked of the stack last, as stack.json has it. */
  asked: Record<string, unknown> | undefined
  /** Seen to restore when it was made (`backup-verify: restore`), or read whole and hashed. */
  verified: 'hash' | 'restore'
  /** Why it is doubted: fewer than half of what the one before held; undefined for a sound one. */
  doubt: string | undefined
  parts: Part[]
}

/** What an etcd snapshot holds. */
export type Contents = {
  revision: number
  /** Keys that stand, without their history. */
  keys: number
  sizeBytes: number
  /** Keys by kind of object, as the API server files them ("management.cattle.io/settings", "secrets"). */
  kinds: Record<string, number>
}

/** How long snapshots are kept; with neither, for ever. With both, either keeps. */
export type Retention = {
  /** So many sound ones of each cluster, and the doubted ones among them. */
  keepLast: number | undefined
  /** All that are younger than so many days. */
  keepDays: number | undefined
}

/** What the running cluster says of itself, to compare a snapshot with; what it does not say is undefined. */
export type Live = {
  clusterUid: string | undefined
  caFingerprint: string | undefined
  /** Revision of its etcd before the snapshot was taken. */
  revision: number | undefined
}

/** Where snapshots are kept. */
export type Place =
  | { kind: 'artifact' }
  | { kind: 's3'; bucket: string; prefix: string }
  | { kind: 'file'; folder: string }

/** A snapshot as a place lists it, unopened: what its name tells. */
export type ListedSnapshot = {
  name: string
  place: Place
  /** What the place knows it by: id of the artifact, key of the object, path of the file. */
  ref: string
  stack: string
  clusterUid: string
  takenAt: Date
  /** "run-attempt". */
  run: string
  keys: number
  /** How many of its keys are Rancher's. */
  rancherKeys: number
  doubted: boolean
  encrypted: boolean
  /** As it is stored. */
  sizeBytes: number
}

/** What a new snapshot is made of; all of it lies in the run's private folder. */
export type Source = {
  stack: StackId
  run: RunId
  takenAt: Date
  clusterUid: string
  hostname: string
  caFingerprint: string
  distribution: Manifest['distribution']
  versions: Manifest['versions']
  nodes: Manifest['nodes']
  members: string[]
  asked: Record<string, unknown> | undefined
  /** Path of the distribution's own snapshot, untouched; its name is kept. */
  file: string
  /** SHA-256 of that file. */
  fileSha256: string
  /** Path of etcd's snapshot as it came out of that file. */
  etcdFile: string
  /** The distribution's state; holds every private key. */
  state: string
  /** The values Rancher was installed with; may hold secrets. */
  values: Record<string, unknown> | undefined
}

/** A snapshot whose every byte was judged. Closing it removes its files. */
export interface OpenedSnapshot extends AsyncDisposable {
  readonly manifest: Manifest
  /** Public half of the key it is signed with; whether it is an expected one was judged, unless `unsigned`. */
  readonly signer: string
  /** SHA-256 of the file as it is stored. */
  readonly sha256: string
  /** Paths below a folder of mode 0700. */
  readonly files: Partial<Record<PartRole, string>> & { distribution: string; state: string }
}

/** One copy of a kept snapshot, or why there is none. */
export type Copy = { place: Place } & ({ ok: true; ref: string; url: string | undefined } | { ok: false; why: string })

/** A snapshot that was verified, sealed and stored. */
export type KeptSnapshot = {
  manifest: Manifest
  /** Each place that was asked for. */
  copies: Copy[]
  sizeBytes: number
  sha256: string
  /** Public half of the key it was signed with. */
  signer: string
  /** The snapshot it was compared with; undefined when there is none. */
  previous: ListedSnapshot | undefined
  /** How long the trial restore took; undefined without one. */
  restoredInMs: number | undefined
}

/** Which snapshot to open. */
export type Wish =
  /** The newest sound one of the stack; of one cluster only, when that is known. */
  | { kind: 'latest'; clusterUid: string | undefined }
  | { kind: 'name'; name: string }
  /** A file outside of `backup-to`. */
  | { kind: 'file'; path: string }
  | { kind: 's3'; bucket: string; key: string }
  | { kind: 'artifact'; name: string }

/** What a snapshot is kept with. */
export type Keeping = {
  /** The stack's own key. */
  signer: Signer
  /** What the running cluster says of itself; all undefined when none answers. */
  live: Live
  verify: Manifest['verified']
  /** Takes one that holds far less than the one before for sound. */
  acceptDrop: boolean
  /** Why it is doubted whatever it holds, in the words of `Manifest.doubt`: `latest` passes it by. */
  doubt?: string
}

/** The snapshots of one stack, wherever they lie. Errors are of kind `snapshot`, unless said otherwise. */
export interface Snapshots {
  /** What stands against using the places that were named, all at once; asks them, changes nothing. */
  preflight(needs: { write: boolean; remove: boolean }): Promise<Refusal[]>
  /**
   * Verifies, packs, signs, encrypts and stores. A place that fails is told in `copies`.
   * @throws StackError when it does not hold what the cluster holds
   */
  keep(source: Source, keeping: Keeping, signal: AbortSignal): Promise<KeptSnapshot>
  /** Those of this stack in all places, newest first; one in several places once for each. */
  list(signal: AbortSignal): Promise<ListedSnapshot[]>
  /**
   * @param signers public keys the stack is known to sign with, besides those of the settings
   * @throws StackError when there is none, or it is damaged, another stack's, or signed by nobody who may
   */
  open(wish: Wish, signers: string[], signal: AbortSignal): Promise<OpenedSnapshot>
  /** Removes what retention no longer keeps; a place where that fails is told in `problems`. */
  prune(
    current: KeptSnapshot,
    retention: Retention,
    signal: AbortSignal,
  ): Promise<{ removed: ListedSnapshot[]; problems: string[] }>
}
