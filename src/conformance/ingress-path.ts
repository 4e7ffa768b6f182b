import type { V1EndpointSlice, V1Ingress, V1Service } from '@kubernetes/client-node'

/** Where the cluster's configuration sends requests for the host name. */
export type ConfiguredPath = {
  /** Ports of the pods; more than one when the endpoints differ. Empty when the path breaks off. */
  ports: number[]
  /** Addresses of the ready pods. */
  addresses: string[]
}

/** Follows the way from the Ingress of a name over its Service to the ports of the pods. */
export function followIngress(
  hostname: string,
  ingresses: V1Ingress[],
  services: V1Service[],
  slices: V1EndpointSlice[],
): ConfiguredPath {
  const backends = ingresses
    .flatMap(({ spec }) => spec?.rules ?? [])
    .filter(({ host }) => host === hostname)
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ backend }) => (backend.service === undefined ? [] : [backend.service]))
  const ends = backends.flatMap(({ name, port }) => {
    const service = services.find(({ metadata }) => metadata?.name === name)
    const servicePort = service?.spec?.ports?.find((candidate) =>
      port?.name === undefined ? candidate.port === port?.number : candidate.name === port.name,
    )
    if (servicePort === undefined) return []
    return slices
      .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name)
      .map((slice) => endOf(slice, servicePort.name))
  })
  return {
    ports: [...new Set(ends.flatMap(({ ports }) => ports))],
    addresses: [...new Set(ends.flatMap(({ addresses }) => addresses))],
  }
}

function endOf({ ports, endpoints }: V1EndpointSlice, portName: string | undefined): ConfiguredPath {
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
  const addresses = ready.flatMap((endpoint) => endpoint.addresses)
  const named = (ports ?? []).filter(({ name }) => (name ?? '') === (portName ?? ''))
  return {
    ports: addresses.length === 0 ? [] : named.flatMap(({ port }) => (port === undefined ? [] : [port])),
    addresses,
  }
}
