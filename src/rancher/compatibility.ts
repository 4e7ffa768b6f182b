/** Minor versions, inclusive. */
export type Range = { min: string; max: string }

/** What one minor version of Rancher runs on. */
export type CompatibilityRow = {
  rancher: string
  kubernetes: Range
  /** Oldest Helm the release notes ask for; undefined when they name none. */
  helmMin: string | undefined
  /** Distributions that may carry the local cluster. */
  distributions: string[]
  source: string
  /** When the source was read. */
  date: string
}

/** Which Kubernetes minors one minor version of a tool supports. */
export type ToolRow = { minor: string; kubernetes: Range }

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

/** Lower bounds stand in release notes only; the chart's kubeVersion is an upper bound. */
export const COMPATIBILITY: CompatibilityRow[] = [
  row('2.10', '1.28', '1.31', undefined, WITH_RKE),
  row('2.11', '1.30', '1.32', undefined, WITH_RKE),
  row('2.12', '1.31', '1.33', '3.18', SINCE_RKE),
  row('2.13', '1.32', '1.34', '3.18', SINCE_RKE),
  row('2.14', '1.33', '1.35', '3.18', SINCE_RKE),
  row('2.15', '1.34', '1.36', '3.18', SINCE_RKE),
]

/** @see https://helm.sh/docs/topics/version_skew/ (read 2026-08) */
export const HELM_ROWS: ToolRow[] = [
  { minor: '3.17', kubernetes: { min: '1.29', max: '1.32' } },
  { minor: '3.18', kubernetes: { min: '1.30', max: '1.33' } },
  { minor: '3.19', kubernetes: { min: '1.31', max: '1.34' } },
  { minor: '3.20', kubernetes: { min: '1.32', max: '1.35' } },
  { minor: '3.21', kubernetes: { min: '1.33', max: '1.36' } },
  { minor: '4.0', kubernetes: { min: '1.31', max: '1.34' } },
  { minor: '4.1', kubernetes: { min: '1.32', max: '1.35' } },
  { minor: '4.2', kubernetes: { min: '1.33', max: '1.36' } },
]

/** @see https://cert-manager.io/docs/releases/ (read 2026-08) */
export const CERT_MANAGER_ROWS: ToolRow[] = [
  { minor: '1.15', kubernetes: { min: '1.25', max: '1.32' } },
  { minor: '1.16', kubernetes: { min: '1.25', max: '1.32' } },
  { minor: '1.17', kubernetes: { min: '1.29', max: '1.33' } },
  { minor: '1.18', kubernetes: { min: '1.29', max: '1.33' } },
  { minor: '1.19', kubernetes: { min: '1.31', max: '1.35' } },
  { minor: '1.20', kubernetes: { min: '1.32', max: '1.35' } },
  { minor: '1.21', kubernetes: { min: '1.33', max: '1.36' } },
]

function row(
  rancher: string,
  min: string,
  max: string,
  helmMin: string | undefined,
  distributions: string[],
): CompatibilityRow {
  const source = `Rancher ${rancher} release notes (Kubernetes added and removed, RKE) and chart/Chart.yaml kubeVersion`
  return { rancher, kubernetes: { min, max }, helmMin, distributions, source, date: '2026-08-31' }
}
