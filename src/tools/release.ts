import { TESTED as SET } from '../versions/table.ts'

export type ToolName = 'rke' | 'helm' | 'etcd'
export type Arch = 'amd64' | 'arm64'

/** One exact tool. `version` has its "v" ("v3.18.6"). */
export type Tool = { name: ToolName; version: string; arch: Arch }

/** The versions a new stack gets when none is asked for. */
export const TESTED: Record<ToolName, string> = { rke: SET.rke, helm: SET.helm, etcd: 'v3.5.21' }

/**
 * Digests of released files, by file name. Those of helm stand in its release notes
 * (https://github.com/helm/helm/releases/tag/v3.18.6). None of rke is known for sure here: for it, and for every other
 * version, the checksum file published beside the download counts.
 */
const DIGESTS: Record<string, string> = {
  'helm-v3.18.6-linux-amd64.tar.gz': '3f43c0aa57243852dd542493a0f54f1396c0bc8ec7296bbb2c01e802010819ce',
  'helm-v3.18.6-linux-arm64.tar.gz': '5b8e00b6709caab466cbbb0bc29ee09059b8dc9417991dd04b497530e49b1737',
}

/** Where a tool is published. */
export type Release = {
  /** Name of the published file. */
  file: string
  url: string
  checksumUrl: string
  /** Known beforehand; undefined: read from `checksumUrl`. */
  sha256: string | undefined
  /** Path of the binary in the file; undefined when the file is the binary. */
  member: string | undefined
}

/**
 * Where a tool is published; below a mirror the same files lie at `<mirror>/rke/<version>/rke_linux-<arch>` with
 * `sha256sum.txt` beside it, `<mirror>/helm/helm-<version>-linux-<arch>.tar.gz` with `.sha256sum`, and
 * `<mirror>/etcd/<version>/etcd-<version>-linux-<arch>.tar.gz` with `SHA256SUMS`: so the folder `tools` of an air-gap
 * bundle, served as it is, is a mirror.
 */
export function locateRelease({ name, version, arch }: Tool, mirror: string | undefined): Release {
  if (name === 'rke') {
    const file = `rke_linux-${arch}`
    const base = `${mirror === undefined ? 'https://github.com/rancher/rke/releases/download' : `${trimmed(mirror)}/rke`}/${version}`
    return { file, url: `${base}/${file}`, checksumUrl: `${base}/sha256sum.txt`, sha256: undefined, member: undefined }
  }
  if (name === 'etcd') return locateEtcd(version, arch, mirror)
  const file = `helm-${version}-linux-${arch}.tar.gz`
  const url = `${mirror === undefined ? 'https://get.helm.sh' : `${trimmed(mirror)}/helm`}/${file}`
  return { file, url, checksumUrl: `${url}.sha256sum`, sha256: DIGESTS[file], member: memberOf(file, arch) }
}

function locateEtcd(version: string, arch: Arch, mirror: string | undefined): Release {
  const file = `etcd-${version}-linux-${arch}.tar.gz`
  const pages = 'https://github.com/etcd-io/etcd/releases/download'
  const base = `${mirror === undefined ? pages : `${trimmed(mirror)}/etcd`}/${version}`
  const member = memberOf(file, arch)
  return { file, url: `${base}/${file}`, checksumUrl: `${base}/SHA256SUMS`, sha256: undefined, member }
}

/** The path of the binary in a file of that name; undefined when the file is the binary itself. */
export function memberOf(file: string, arch: Arch): string | undefined {
  if (!file.endsWith('.tar.gz')) return undefined
  const [name = ''] = file.split('/').slice(-1)
  return name.startsWith('etcd-') ? `${name.replace(/\.tar\.gz$/, '')}/etcd` : `linux-${arch}/helm`
}

/** What else is unpacked from a file of that name: etcd's own tool lies beside it. */
export function besideOf(file: string): string[] {
  const [name = ''] = file.split('/').slice(-1)
  return name.startsWith('etcd-') && name.endsWith('.tar.gz') ? [`${name.replace(/\.tar\.gz$/, '')}/etcdutl`] : []
}

/** "v1.8.5" of "1.8.5" and "v1.8.5"; the tested one when none, or only the latest patch, is asked for. */
export function resolveVersion(name: ToolName, asked: string | undefined): string {
  if (asked === undefined || asked === 'latest-patch') return TESTED[name]
  return asked.startsWith('v') ? asked : `v${asked}`
}

/** The architecture as releases name it; undefined when nothing is released for it. */
export function archOf(nodeArch: string): Arch | undefined {
  return ({ x64: 'amd64', arm64: 'arm64' } as const)[nodeArch]
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '')
}
