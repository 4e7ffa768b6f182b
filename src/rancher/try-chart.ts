import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { asStackError, type Refusal } from '../errors.ts'
import { NAMESPACE, RELEASE } from './facts.ts'
import { runHelm } from './helm.ts'
import { type Charts, findRancher } from './install-chart.ts'
import type { Values } from './values.ts'

/**
 * Renders the chart of a version with the values it is to get, on this machine only: its values.schema.json and its own
 * checks speak before anything is changed. A chart that is not to be had is told the same way.
 *
 * @param kubernetes the version it will run on; only its numbers count
 */
export async function tryChart(
  charts: Omit<Charts, 'kubeconfig'>,
  version: string,
  values: Values,
  kubernetes: string,
): Promise<Refusal[]> {
  const { helm, folder, signal } = charts
  const file = join(folder, `try-values-${randomBytes(6).toString('hex')}.yaml`)
  const numbers = /^v?\d+\.\d+\.\d+/.exec(kubernetes)?.[0] ?? kubernetes
  try {
    const path = await findRancher(charts, version)
    await writeFile(file, stringify(values), { mode: 0o600, flag: 'wx' })
    const args = ['template', RELEASE, path, '--namespace', NAMESPACE, '--values', file, '--kube-version', numbers]
    await runHelm({ helm, folder, signal, args })
    return []
  } catch (thrown) {
    signal.throwIfAborted()
    const { kind, message, next } = asStackError(thrown)
    if (kind === 'bug') throw thrown
    return [
      {
        kind: 'preflight',
        subject: `Rancher ${version}`,
        what: `its chart does not take the values it is to get on Kubernetes ${numbers}: ${message}`,
        next: next ?? 'Mend helm-values; those of the release are shown by: helm get values rancher -n cattle-system.',
      },
    ]
  } finally {
    await rm(file, { force: true })
  }
}
