/** Minor versions, inclusive. */
export type Range = { min: string; max: string }

/** Where a row was read, and when. */
export type Origin = { source: string; date: string }

/** What one minor version of Rancher runs on. */
export type RancherRow = Origin & {
  rancher: string
  kubernetes: Range
  /** Oldest Helm the release notes ask for; undefined when they name none. */
  helmMin: string | undefined
  /** Distributions that may carry the local cluster. */
  distributions: string[]
}

/** What one version of the program that installs a distribution can do. */
export type DistributionRow = Origin & {
  distribution: string
  /** Version of the program. */
  tool: string
  /** Kubernetes as the distribution names it, newest first: what it offers, the last patch of each minor. */
  versions: string[]
  /** Earlier patches that it installs, too, and goes on with, without offering them; newest first. */
  earlier: string[]
  /** First major version of Docker that it does not work with; undefined when it needs no Docker. */
  dockerBelow: number | undefined
}

/** Which Kubernetes minors one minor version of a tool supports. */
export type ToolRow = Origin & { minor: string; kubernetes: Range }

/** Which versions go together, as data. Everything that judges versions reads this and nothing else. */
export type VersionTable = {
  /** In the order of their minors. */
  rancher: RancherRow[]
  distributions: DistributionRow[]
  certManager: ToolRow[]
  helm: ToolRow[]
}

/** The set that this project is tested with; the default of a new cluster. */
export const TESTED = {
  rke: 'v1.8.5',
  kubernetes: 'v1.32.6-rancher1-1',
  rancher: '2.11.3',
  certManager: 'v1.18.2',
  helm: 'v3.18.6',
  source: 'release notes of rke v1.8.5 and Rancher v2.11.3, kubeVersion of its chart',
  date: '2026-08-31',
} as const

const WITH_RKE = ['rke', 'rke2', 'k3s']
const SINCE_RKE = ['rke2', 'k3s']

export const TABLE: VersionTable = {
  // Lower bounds stand in release notes only; the chart's kubeVersion is an upper bound.
  rancher: [
    rancher('2.9', '1.27', '1.30', undefined, WITH_RKE),
    rancher('2.10', '1.28', '1.31', undefined, WITH_RKE),
    rancher('2.11', '1.30', '1.32', undefined, WITH_RKE),
    rancher('2.12', '1.31', '1.33', '3.18', SINCE_RKE),
    rancher('2.13', '1.32', '1.34', '3.18', SINCE_RKE),
    rancher('2.14', '1.33', '1.35', '3.18', SINCE_RKE),
    rancher('2.15', '1.34', '1.36', '3.18', SINCE_RKE),
  ],
  distributions: [
    {
      distribution: 'rke',
      tool: '1.8.5',
      versions: ['v1.32.6-rancher1-1', 'v1.31.10-rancher1-1', 'v1.30.14-rancher1-1'],
      earlier: [
        ...[5, 4, 3, 2].map((patch) => `v1.32.${patch}-rancher1-1`),
        ...[9, 8, 7, 6, 5, 4, 3].map((patch) => `v1.31.${patch}-rancher1-1`),
        'v1.31.2-rancher2-1',
        ...[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((patch) => `v1.30.${patch}-rancher1-1`),
      ],
      // Docker 29 dropped the API version rke speaks (1.41; its lowest is 1.44).
      dockerBelow: 29,
      source:
        '`rke config --list-version --all` of rke 1.8.5, and K8sVersionRKESystemImages in its data/data.json; Docker Engine 29 release notes, "Minimum API version"',
      date: '2026-11-23',
    },
  ],
  certManager: [
    certManager('1.15', '1.25', '1.32'),
    certManager('1.16', '1.25', '1.32'),
    certManager('1.17', '1.29', '1.33'),
    certManager('1.18', '1.29', '1.33'),
    certManager('1.19', '1.31', '1.35'),
    certManager('1.20', '1.32', '1.35'),
    certManager('1.21', '1.33', '1.36'),
  ],
  helm: [
    helm('3.17', '1.29', '1.32'),
    helm('3.18', '1.30', '1.33'),
    helm('3.19', '1.31', '1.34'),
    helm('3.20', '1.32', '1.35'),
    helm('3.21', '1.33', '1.36'),
    helm('4.0', '1.31', '1.34'),
    helm('4.1', '1.32', '1.35'),
    helm('4.2', '1.33', '1.36'),
  ],
}

function rancher(
  minor: string,
  min: string,
  max: string,
  helmMin: string | undefined,
  distributions: string[],
): RancherRow {
  const source = `Rancher ${minor} release notes (Kubernetes added and removed, RKE) and chart/Chart.yaml kubeVersion`
  return { rancher: minor, kubernetes: { min, max }, helmMin, distributions, source, date: '2026-08-31' }
}

function certManager(minor: string, min: string, max: string): ToolRow {
  const source = 'https://cert-manager.io/docs/releases/, "Supported Releases"'
  return { minor, kubernetes: { min, max }, source, date: '2026-08-31' }
}

function helm(minor: string, min: string, max: string): ToolRow {
  const source = 'https://helm.sh/docs/topics/version_skew/, "Supported Version Skew"'
  return { minor, kubernetes: { min, max }, source, date: '2026-08-31' }
}
