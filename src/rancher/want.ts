import { StackError } from '../errors.ts'
import type { RancherSettings } from '../settings.ts'
import { LATEST_PATCH } from '../versions/resolve.ts'
import { TESTED } from '../versions/table.ts'
import { bare, minorOf } from '../versions/version.ts'
import {
  CERT_MANAGER_REPOSITORY,
  type ChartEntry,
  chartSource,
  type Fetch,
  fetchIndex,
  latestPatch,
  readChart,
} from './chart.ts'
import type { RancherFacts, WantedRancher } from './facts.ts'

export type Surroundings = Pick<
  WantedRancher,
  'hostname' | 'nodeCount' | 'kubernetesVersion' | 'distribution' | 'helmVersion'
>

export type Sources = {
  /** With an air-gap bundle no chart repository is read. */
  offline: boolean
  fetch: Fetch
  /** `helm show chart`, for the archive of a chart. */
  showChart: (path: string) => Promise<string>
  signal: AbortSignal
}

/** Every version made exact: the running one, else what was asked, else the tested one. */
export async function want(
  facts: RancherFacts,
  surroundings: Surroundings,
  settings: RancherSettings,
  sources: Sources,
): Promise<WantedRancher> {
  const source = chartSource(settings.chart)
  const pathVersion = source.kind === 'path' ? (await readChart(source.path, sources.showChart)).version : undefined
  const index = (url: string, chart: string) => () => indexOf(url, chart, sources)
  const version = await resolveVersion({
    asked: settings.version,
    running: facts.release?.deployed?.chartVersion,
    path: pathVersion,
    tested: TESTED.rancher,
    entries: source.kind === 'repository' ? index(source.url, 'rancher') : async () => [],
  })
  const needsCertManager = settings.tls.source !== 'secret'
  const certManager = await resolveVersion({
    asked: needsCertManager ? settings.certManagerVersion : undefined,
    running: facts.certManager.release?.deployed?.chartVersion,
    path: undefined,
    tested: TESTED.certManager,
    entries: index(CERT_MANAGER_REPOSITORY, 'cert-manager'),
  })
  return {
    ...surroundings,
    version: version.value,
    versionFrom: version.from,
    pathVersion: pathVersion === undefined ? undefined : bare(pathVersion),
    certManagerVersion: needsCertManager ? `v${certManager.value}` : undefined,
  }
}

type Choice = {
  asked: string | undefined
  running: string | undefined
  path: string | undefined
  tested: string
  entries: () => Promise<ChartEntry[]>
}

type Resolved = { value: string; from: WantedRancher['versionFrom'] }

/** One exact version, without a leading v, and where it comes from. */
export async function resolveVersion({ asked, running, path, tested, entries }: Choice): Promise<Resolved> {
  if (asked !== undefined && asked !== LATEST_PATCH) return { value: bare(asked), from: 'input' }
  if (running !== undefined) return { value: bare(running), from: 'running' }
  if (path !== undefined) return { value: bare(path), from: 'chart' }
  if (asked === undefined) return { value: bare(tested), from: 'tested' }
  const minor = minorOf(tested)
  const latest = latestPatch(await entries(), minor)
  if (latest !== undefined) return { value: bare(latest), from: 'repository' }
  throw new StackError('input', `latest-patch: the chart repository has no release of ${minor}.`, {
    stands: 'Nothing was changed.',
    next: 'Set an exact version.',
  })
}

function indexOf(url: string, chart: string, { offline, fetch, signal }: Sources): Promise<ChartEntry[]> {
  if (!offline) return fetchIndex(url, chart, fetch, signal)
  throw new StackError(
    'input',
    `latest-patch of ${chart} is read from its chart repository, and an airgap-bundle reaches none.`,
    {
      stands: 'Nothing was changed.',
      next: 'Set the exact version that the bundle holds.',
    },
  )
}
