import type { Former, Upgrading } from '../kubernetes/distribution.ts'
import type { Leg } from '../versions/path.ts'
import type { Stack } from './stack.ts'

/** What stood when a leg began: what its way back goes by. */
export type BeforeLeg = {
  /** The cluster as its state recorded it; undefined when that was half-done already. */
  former: Former | undefined
  /** Helm's revisions, the newest and the one that ran. */
  rancher: Revisions
  certManager: Revisions
  /** The template Rancher's pods were made from before; undefined when nobody knows any more. */
  template: string | undefined
  /** Of etcd; undefined when an earlier run began this leg. */
  revision: number | undefined
}

export type Revisions = { newest: number | undefined; deployed: number | undefined }

/** Reads what stands; changes nothing. */
export async function lookBefore(
  stack: Stack,
  leg: Leg,
  { hostname, upgrading }: { hostname: string; upgrading: Upgrading | undefined },
): Promise<BeforeLeg> {
  const { rancher, cluster } = await stack.inspect()
  const { release, certManager } = rancher
  const begins = release?.status === 'deployed'
  const revisions = cluster.etcd.flatMap(({ revision }) => revision ?? [])
  return {
    former: leg.kind === 'kubernetes' ? await stack.distribution.formerOf(leg.from, stack.hosts) : undefined,
    rancher: { newest: release?.revision, deployed: release?.deployed?.revision },
    certManager: { newest: certManager.release?.revision, deployed: certManager.release?.deployed?.revision },
    template: begins ? await templateNow(stack, hostname) : templateThen(leg, upgrading),
    revision: begins && revisions.length > 0 ? Math.max(...revisions) : undefined,
  }
}

export async function templateNow(stack: Stack, hostname: string): Promise<string | undefined> {
  return (await stack.rancherAt(hostname).rollOut(await stack.api())).template
}

/** That of the point of return, when the same Rancher ran then. */
function templateThen(leg: Leg, upgrading: Upgrading | undefined): string | undefined {
  const isThatRancher = leg.kind === 'rancher' && upgrading?.versions.rancher === leg.from
  return isThatRancher ? upgrading.template : undefined
}
