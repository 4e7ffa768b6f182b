/**
 * Kubernetes versions that the tested rke (1.8.5) can install, newest first.
 * Source: `rke config --list-version --all` of that binary, read 2026-11-23.
 */
export const TESTED_RKE = '1.8.5'
export const KNOWN_VERSIONS = ['v1.32.6-rancher1-1', 'v1.31.10-rancher1-1', 'v1.30.14-rancher1-1']
export const TESTED_VERSION = 'v1.32.6-rancher1-1'

/** The kubelet's version in a version as rke names it: "v1.32.6-rancher1-1" → "v1.32.6". */
export function kubeletVersion(rkeVersion: string): string {
  return rkeVersion.replace(/-rancher.*$/, '')
}

/** The version to run: what was asked, else what runs, else the tested one. Never changes a running version by itself. */
export function resolveVersion(running: string | undefined, asked: string | undefined): string {
  return asked ?? running ?? TESTED_VERSION
}
