import { type DistributionRow, TABLE, TESTED } from '../../versions/table.ts'

/** What the tested rke can install, and on what. */
const ROW = rowOf(TESTED.rke)
export const TESTED_RKE = ROW.tool
/** Kubernetes versions that the tested rke offers, newest first. */
export const KNOWN_VERSIONS = ROW.versions
/** With the earlier patches it takes as well. */
export const TAKEN_VERSIONS = [...ROW.versions, ...ROW.earlier]
export const TESTED_VERSION: string = TESTED.kubernetes
/** The first major version of Docker that rke does not work with. */
export const DOCKER_TOO_NEW = ROW.dockerBelow ?? Number.POSITIVE_INFINITY

/** The kubelet's version in a version as rke names it: "v1.32.6-rancher1-1" → "v1.32.6". */
export function kubeletVersion(rkeVersion: string): string {
  return rkeVersion.replace(/-rancher.*$/, '')
}

/** The version to run: what was asked, else what runs, else the tested one. Never changes a running version by itself. */
export function resolveVersion(running: string | undefined, asked: string | undefined): string {
  return asked ?? running ?? TESTED_VERSION
}

function rowOf(tool: string): DistributionRow {
  const row = TABLE.distributions.find((one) => one.distribution === 'rke' && `v${one.tool}` === tool)
  if (row === undefined) throw new Error(`The table of versions has no row for rke ${tool}.`)
  return row
}
