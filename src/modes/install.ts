import { throwRefusals } from '../errors.ts'
import type { InstallRun, Outcome } from '../run.ts'
import { planDigest } from '../steps.ts'
import { awaitName } from './await-name.ts'
import { converge } from './converge.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { planStack, refuseStack } from './plan-stack.ts'
import { proveStack } from './prove.ts'
import { RKE_ENDED } from './rke-ended.ts'
import type { Seen } from './seen.ts'
import { openStack } from './stack.ts'
import { tellKubeconfig } from './tell-kubeconfig.ts'
import { want } from './want.ts'

/** Brings a stack from whatever stands to what is asked: machines, Kubernetes, Rancher, and the proof of it. */
export async function install(run: InstallRun): Promise<Outcome> {
  const { settings, report } = run
  report.warning(RKE_ENDED)
  await using stack = await openStack(run)
  const tools = stack.tools.preflight()
  const seen = await firstLook(run, stack).finally(() => tools)
  const wanted = await want(run, stack, seen)
  const unfit = await tools
  report.tools(stack.tools.origins())
  throwRefusals([...unfit, ...refuseStack(stack, seen, wanted, settings)])

  const plan = planStack(stack, seen, wanted, settings)
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }

  const changed = plan.length > 0 && (await converge(run, stack, seen, wanted))
  const now = plan.length > 0 ? await stack.inspect() : seen
  tellFirstLogin(run, now)
  const pending = await awaitName(run, now)
  await proveStack(run, stack, now, { nodeCount: settings.nodeCount, pending })
  await tellKubeconfig(run, stack, now)
  return { changed }
}

/** A first password that the chart made is known to the cluster only. */
function tellFirstLogin({ settings, report }: InstallRun, { rancher }: Seen): void {
  if (settings.rancher.bootstrapPassword !== undefined || !rancher.bootstrapSecret || rancher.firstLogin === false)
    return
  report.next({
    text: `Log in at https://${settings.hostname} as admin, with the first password:`,
    command: FIRST_PASSWORD,
  })
}

/** @see Rancher, "Installing Rancher on a Kubernetes cluster": the generated password */
const FIRST_PASSWORD =
  'kubectl get secret --namespace cattle-system bootstrap-secret -o go-template=\'{{.data.bootstrapPassword|base64decode}}{{"\\n"}}\''
