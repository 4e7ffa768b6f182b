import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { StackError } from '../errors.ts'
import { CERT_MANAGER_REPOSITORY, type ChartFinder, chartSource, type Fetch, fetchChart } from './chart.ts'
import { CERT_MANAGER_NAMESPACE, CERT_MANAGER_RELEASE, NAMESPACE, RELEASE } from './facts.ts'
import { runHelm } from './helm.ts'
import { OPERATION_LABEL } from './release.ts'
import type { Values } from './values.ts'

export type Charts = {
  /** Path of the binary. */
  helm: string
  kubeconfig: string
  /** Private (mode 0700). */
  folder: string
  /** The input `rancher-chart`. */
  chart: string
  /** Charts of an air-gap bundle; with it no repository is reached. */
  findChart: ChartFinder | undefined
  fetch: Fetch
  signal: AbortSignal
}

/** Image pulls on slow lines are most of it. */
const HELM_TIMEOUT = '15m'

/** Installs or changes Rancher's release and waits until its pods are ready. */
export async function installRancher(charts: Charts, version: string, values: Values): Promise<void> {
  const path = await findRancher(charts, version)
  await upgradeInstall(charts, { release: RELEASE, namespace: NAMESPACE, path, values })
}

/** Path of Rancher's chart: the one given, the bundle's, or the repository's, fetched and checked. */
export async function findRancher(charts: Omit<Charts, 'helm' | 'kubeconfig'>, version: string): Promise<string> {
  const source = chartSource(charts.chart)
  if (source.kind === 'path') return source.path
  return await findOrFetch(charts, { name: 'rancher', version, url: source.url })
}

export async function installCertManager(charts: Charts, version: string, values: Values): Promise<void> {
  const path = await findOrFetch(charts, { name: 'cert-manager', version, url: CERT_MANAGER_REPOSITORY })
  await upgradeInstall(charts, { release: CERT_MANAGER_RELEASE, namespace: CERT_MANAGER_NAMESPACE, path, values })
}

type Wanted = { release: string; namespace: string; path: string; values: Values }

/**
 * `helm upgrade --install` with the values in a file of mode 0600. The label tells a later run that this call
 * was ours (labels are inherited, so each call has its own).
 */
async function upgradeInstall(charts: Charts, { release, namespace, path, values }: Wanted): Promise<void> {
  const { helm, kubeconfig, folder, signal } = charts
  const operation = randomBytes(6).toString('hex')
  const file = join(folder, `${release}-values-${operation}.yaml`)
  await writeFile(file, stringify(values), { mode: 0o600, flag: 'wx' })
  try {
    await runHelm({
      helm,
      kubeconfig,
      folder,
      signal,
      args: upgradeArgs({ release, namespace, path, file, operation }),
    })
  } finally {
    await rm(file, { force: true })
  }
}

/** The command line; what Helm's release looked like before does not enter into the values. */
export function upgradeArgs(wanted: {
  release: string
  namespace: string
  path: string
  file: string
  operation: string
}): string[] {
  const { release, namespace, path, file, operation } = wanted
  const place = [release, path, '--namespace', namespace, '--create-namespace']
  const label = ['--labels', `${OPERATION_LABEL}=${operation}`]
  const values = ['--reset-values', '--values', file]
  return ['upgrade', '--install', ...place, ...values, ...label, '--wait', '--timeout', HELM_TIMEOUT]
}

type Named = { name: string; version: string; url: string }

async function findOrFetch(
  { findChart, fetch, folder, signal }: Omit<Charts, 'helm' | 'kubeconfig'>,
  { name, version, url }: Named,
): Promise<string> {
  if (findChart === undefined) return fetchChart({ url, chart: name, version, folder }, fetch, signal)
  const found = await findChart(name, version)
  if (found !== undefined) return found
  throw new StackError('input', `airgap-bundle: it holds no chart ${name} ${version}.`, {
    next: `Add the chart to the bundle, or set the version that the bundle holds.`,
  })
}
