import type { RancherSettings } from '../settings.ts'
import { CERT_MANAGER_REPOSITORY, chartSource, fetchIndex, readChart } from './chart.ts'
import type { Sources } from './want.ts'

export type ChartName = 'rancher' | 'cert-manager'

/** Versions of the charts in an air-gap bundle, by name. */
export type ChartLister = (name: string) => Promise<string[]>

/**
 * The versions that can really be had, from where this run takes its charts: the one at a path, those of the bundle,
 * or the index of the repository. Never git tags: they name patches the community repositories do not have.
 *
 * @throws StackError of kind `rancher` when the repository gives no index
 */
export async function offeredCharts(
  name: ChartName,
  { chart }: RancherSettings,
  { fetch, showChart, signal }: Omit<Sources, 'offline'>,
  listCharts: ChartLister | undefined,
): Promise<string[]> {
  const source =
    name === 'rancher' ? chartSource(chart) : ({ kind: 'repository', url: CERT_MANAGER_REPOSITORY } as const)
  if (source.kind === 'path') return [(await readChart(source.path, showChart)).version]
  if (listCharts !== undefined) return await listCharts(name)
  const entries = await fetchIndex(source.url, name, fetch, signal)
  return entries.map(({ version }) => version)
}
