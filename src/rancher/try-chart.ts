import { asStackError, type Refusal } from '../errors.ts'
import type { Charts } from './install-chart.ts'
import { kubernetesNumbers, renderChart } from './render-chart.ts'
import type { Values } from './values.ts'

/**
 * Renders the chart of a version with the values it is to get. A chart that is not to be had is told the same way as one
 * that does not take them.
 *
 * @param kubernetes the version it will run on; only its numbers count
 */
export async function tryChart(
  charts: Omit<Charts, 'kubeconfig'>,
  version: string,
  values: Values,
  kubernetes: string,
): Promise<Refusal[]> {
  try {
    await renderChart(charts, version, values, kubernetes)
    return []
  } catch (thrown) {
    charts.signal.throwIfAborted()
    const { kind, message, next } = asStackError(thrown)
    if (kind === 'bug') throw thrown
    return [
      {
        kind: 'preflight',
        subject: `Rancher ${version}`,
        what: `its chart does not take the values it is to get on Kubernetes ${kubernetesNumbers(kubernetes)}: ${message}`,
        next: next ?? 'Mend helm-values; those of the release are shown by: helm get values rancher -n cattle-system.',
      },
    ]
  }
}
