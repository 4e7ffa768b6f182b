import type { RunId } from '../../node.ts'

/** Where rke keeps snapshots on every node (rke 1.8.5, services/etcd.go). */
export const SNAPSHOT_FOLDER = '/opt/rke/etcd-snapshots'

/** Begins the names of the snapshots we take; those of others are none of our business. */
export const OUR_PREFIX = 'rancher-ha_'

/** The name rke is given: unique by time and run, and sorted by time. It is a word of a shell, a file and a zip entry. */
export function snapshotName(at: Date, { id, attempt }: RunId): string {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${OUR_PREFIX}${time}_${id.replaceAll(/[^A-Za-z0-9-]/g, '-')}-${attempt}`
}

/** The file rke makes and looks for. Its name must be that of the entry in it, so it is never renamed. */
export function archivePath(name: string): string {
  return `${SNAPSHOT_FOLDER}/${name}.zip`
}
