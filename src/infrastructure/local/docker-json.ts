import { z } from 'zod'
import type { Container, Network, Volume } from './docker.ts'

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {})

const container = z.object({
  Name: z.string(),
  State: z.object({ Status: z.string() }),
  Config: z.object({ Labels: labels }),
  NetworkSettings: z.object({
    Networks: z.record(
      z.string(),
      z.object({
        IPAddress: z.string().nullish(),
        IPAMConfig: z.object({ IPv4Address: z.string().nullish() }).nullish(),
      }),
    ),
  }),
})

const network = z.object({
  Name: z.string(),
  Labels: labels,
  IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().nullish() })).nullish() }),
})

const volume = z.object({ Name: z.string(), Labels: labels })

/** What `docker container inspect` prints. A paused or restarting container is no running one. */
export function parseContainers(json: string): Container[] {
  return z
    .array(container)
    .parse(JSON.parse(json))
    .map((given) => ({
      name: given.Name.replace(/^\//, ''),
      labels: given.Config.Labels,
      state: stateOf(given.State.Status),
      address: addressIn(given.NetworkSettings.Networks),
    }))
}

/** What `docker network inspect` prints; `none` and `host` have no subnet. */
export function parseNetworks(json: string): Network[] {
  return z
    .array(network)
    .parse(JSON.parse(json))
    .map((given) => ({
      name: given.Name,
      labels: given.Labels,
      subnets: (given.IPAM.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : [])),
    }))
}

/** What `docker volume inspect` prints. */
export function parseVolumes(json: string): Volume[] {
  return z
    .array(volume)
    .parse(JSON.parse(json))
    .map((given) => ({ name: given.Name, labels: given.Labels }))
}

function stateOf(status: string): Container['state'] {
  if (status === 'running' || status === 'created') return status
  return 'stopped'
}

/** The address that was asked for: a stopped container has no other. */
function addressIn(networks: z.infer<typeof container>['NetworkSettings']['Networks']): string | undefined {
  const [first] = Object.values(networks)
  return first?.IPAMConfig?.IPv4Address || first?.IPAddress || undefined
}
