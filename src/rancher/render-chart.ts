import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { NAMESPACE, RELEASE } from './facts.ts'
import { runHelm } from './helm.ts'
import { type Charts, findRancher } from './install-chart.ts'
import type { Values } from './values.ts'

/**
 * The manifests of Rancher's chart with these values, made on this machine only: its values.schema.json and its own
 * checks speak before anything is changed.
 *
 * @param kubernetes the version it will run on; only its numbers count
 * @throws StackError of kind `rancher` for a chart that is not to be had, or that does not take the values
 */
export async function renderChart(
  charts: Omit<Charts, 'kubeconfig'>,
  version: string,
  values: Values,
  kubernetes: string,
): Promise<string> {
  const { helm, folder, signal } = charts
  const file = join(folder, `try-values-${randomBytes(6).toString('hex')}.yaml`)
  try {
    const path = await findRancher(charts, version)
    await writeFile(file, stringify(values), { mode: 0o600, flag: 'wx' })
    const numbers = kubernetesNumbers(kubernetes)
    const args = ['template', RELEASE, path, '--namespace', NAMESPACE, '--values', file, '--kube-version', numbers]
    return await runHelm({ helm, folder, signal, args })
  } finally {
    await rm(file, { force: true })
  }
}

/** "v1.32.6-rancher1-1" as helm takes it: "v1.32.6". */
export function kubernetesNumbers(version: string): string {
  return /^v?\d+\.\d+\.\d+/.exec(version)?.[0] ?? version
}

type Manifest = { kind?: string; spec?: { template?: { spec?: Record<string, { image?: string }[] | undefined> } } }

/** Jobs are hooks of a chart: one that is run when it is removed would be fetched for nothing. */
const LASTING = ['Deployment', 'DaemonSet', 'StatefulSet']

/** Images of the pods that stay, each once. */
export function imagesOf(manifests: string): string[] {
  const images = parseAllDocuments(manifests)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => LASTING.includes(manifest?.kind ?? ''))
    .flatMap((manifest) => {
      const { initContainers = [], containers = [] } = manifest?.spec?.template?.spec ?? {}
      return [...initContainers, ...containers].flatMap(({ image }) => image ?? [])
    })
  return [...new Set(images)]
}
