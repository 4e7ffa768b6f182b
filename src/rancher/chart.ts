import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { StackError } from '../errors.ts'
import { bare, compareVersions, minorOf, parseVersion } from '../versions/version.ts'

/** Charts of an air-gap bundle, by name and version. */
export type ChartFinder = (name: string, version: string) => Promise<string | undefined>

/** Reads a chart repository; @throws when there is no answer. */
export type Fetch = (url: string, signal: AbortSignal) => Promise<Buffer>

export type ChartEntry = { version: string; urls: string[]; digest: string | undefined }

const REPOSITORIES: Record<string, string> = {
  latest: 'https://releases.rancher.com/server-charts/latest',
  stable: 'https://releases.rancher.com/server-charts/stable',
  alpha: 'https://releases.rancher.com/server-charts/alpha',
}
export const CERT_MANAGER_REPOSITORY = 'https://charts.jetstack.io'

export type ChartSource = { kind: 'repository'; url: string } | { kind: 'path'; path: string }

/** The input `rancher-chart`: a name Rancher publishes under, a repository's URL, or a path. */
export function chartSource(input: string): ChartSource {
  const known = Object.hasOwn(REPOSITORIES, input) ? REPOSITORIES[input] : undefined
  if (known !== undefined) return { kind: 'repository', url: known }
  if (/^https?:\/\//.test(input)) return { kind: 'repository', url: input.replace(/\/+$/, '') }
  return { kind: 'path', path: input }
}

/**
 * The newest patch of a minor that the repository has; pre-releases only when nothing else is asked for.
 *
 * Versions are read from the chart index and nowhere else: git tags name patches that the community
 * repositories do not have.
 */
export function latestPatch(entries: ChartEntry[], minor: string): string | undefined {
  return entries
    .map(({ version }) => version)
    .filter((version) => minorOf(version) === minor && parseVersion(version)?.pre === '')
    .toSorted(compareVersions)
    .at(-1)
}

/** The entries of one chart in a repository's index.yaml. @throws StackError of kind `rancher` when it is no index */
export function parseIndex(text: string, chart: string): ChartEntry[] {
  const index: unknown = parse(text)
  const entries = (index as { entries?: Record<string, unknown> } | null)?.entries?.[chart]
  if (!Array.isArray(entries)) throw new StackError('rancher', `The chart repository's index has no chart "${chart}".`)
  return entries.map((entry: { version?: unknown; urls?: unknown; digest?: unknown }) => ({
    version: String(entry.version ?? ''),
    urls: Array.isArray(entry.urls) ? entry.urls.map(String) : [],
    digest: typeof entry.digest === 'string' ? entry.digest.replace(/^sha256:/, '') : undefined,
  }))
}

/** The index of a repository, read now. */
export async function fetchIndex(url: string, chart: string, fetch: Fetch, signal: AbortSignal): Promise<ChartEntry[]> {
  const index = await fetched(`${url}/index.yaml`, fetch, signal)
  return parseIndex(index.toString('utf8'), chart)
}

/**
 * Downloads one version into `folder` and gives its path; its SHA-256 is that of the index.
 *
 * @throws StackError of kind `rancher` when the repository does not have the version, with those it has
 */
export async function fetchChart(
  { url, chart, version, folder }: { url: string; chart: string; version: string; folder: string },
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  const entries = await fetchIndex(url, chart, fetch, signal)
  const entry = entries.find((candidate) => bare(candidate.version) === bare(version))
  const [first] = entry?.urls ?? []
  if (entry === undefined || first === undefined) throw absentVersion(chart, version, url, entries)
  const archive = await fetched(new URL(first, `${url}/`).href, fetch, signal)
  const sum = createHash('sha256').update(archive).digest('hex')
  if (entry.digest !== undefined && sum !== entry.digest) {
    throw new StackError('rancher', `Chart ${chart} ${version}: expected SHA-256 ${entry.digest}, got ${sum}.`, {
      stands: 'The chart was not used.',
      next: 'Find out who changed the archive or the index; run again when they agree.',
    })
  }
  const path = join(folder, `${chart}-${bare(version)}.tgz`)
  await writeFile(path, archive, { mode: 0o600 })
  return path
}

/** Name and version of a chart folder; of an archive only `showChart` (helm) knows. */
export async function readChart(
  path: string,
  showChart: (path: string) => Promise<string>,
): Promise<{ name: string; version: string }> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    throw new StackError('input', `rancher-chart: there is no "${path}".`, {
      stands: 'Nothing was changed.',
      next: 'Set rancher-chart to latest, stable, alpha, a repository URL, or the path of a chart.',
    })
  }
  const text = found.isDirectory() ? await readFile(join(path, 'Chart.yaml'), 'utf8') : await showChart(path)
  const { name, version } = parse(text) as { name?: unknown; version?: unknown }
  return { name: String(name ?? ''), version: String(version ?? '') }
}

/** Reads a URL with a deadline of 60 s. */
export const fetchUrl: Fetch = async (url, signal) => {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]) })
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
  return Buffer.from(await response.arrayBuffer())
}

async function fetched(url: string, fetch: Fetch, signal: AbortSignal): Promise<Buffer> {
  try {
    return await fetch(url, signal)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new StackError('rancher', `${url}: ${why}`, {
      next: 'Check the way to the chart repository, or give an airgap-bundle.',
      cause: thrown,
    })
  }
}

function absentVersion(chart: string, version: string, url: string, entries: ChartEntry[]): StackError {
  const near = latestPatch(entries, minorOf(version))
  const has = near === undefined ? '' : ` The newest ${minorOf(version)} it has is ${near}.`
  return new StackError('rancher', `${url} has no chart ${chart} ${version}.${has}`, {
    next: near === undefined ? 'Choose another rancher-chart or version.' : `Set the version to ${near}.`,
  })
}
