import type { Interface } from './interfaces.ts'
import type { LabBalancer, LabZone } from './moto.ts'
import { ADDRESSES } from './places.ts'

/** AWS's own names: load balancers, and the address a runner asks for. */
const AMAZON = 'amazonaws.com'

export type ZoneFile = { name: string; text: string }

/**
 * Hosted zones as files of a name server. An alias is answered with the addresses its balancer has now: public ones for
 * a balancer that faces the internet, whoever asks.
 *
 * @param serial rises with each change
 * @see RFC 1035 5; AWS, "Choosing between alias and non-alias records"
 */
export function renderZones(
  zones: LabZone[],
  balancers: LabBalancer[],
  interfaces: Interface[],
  serial: number,
): ZoneFile[] {
  const addressesOf = (name: string) => {
    const balancer = balancers.find(({ dnsName }) => plain(dnsName) === plain(name))
    const own = interfaces.find(({ owner }) => owner === balancer?.arn)?.addresses ?? []
    return own.map((one) => one.public ?? one.address)
  }
  const amazon = [
    `checkip.${AMAZON}. 60 A ${ADDRESSES.services}`,
    ...balancers.flatMap(({ dnsName }) => addressesOf(dnsName).map((address) => `${dnsName}. 60 A ${address}`)),
  ]
  const hosted = zones.map(({ name, records }) => {
    const lines = records.flatMap((record) => {
      const owner = `${plain(record.name)}.`
      if (record.alias !== null) return addressesOf(record.alias).map((address) => `${owner} 60 A ${address}`)
      return record.values.map((value) => `${owner} 60 ${record.type} ${value}`)
    })
    return zoneFile(plain(name), lines, serial)
  })
  return [zoneFile(AMAZON, amazon, serial), ...hosted]
}

function zoneFile(name: string, lines: string[], serial: number): ZoneFile {
  const head = [`${name}. 60 SOA ns.${name}. hostmaster.${name}. ${serial} 60 60 3600 1`, `${name}. 60 NS ns.${name}.`]
  return { name, text: `${[...head, `ns.${name}. 60 A ${ADDRESSES.nameServer}`, ...lines].join('\n')}\n` }
}

/**
 * The name server's own configuration: the zones as they stand in their files, nothing kept beside.
 *
 * @see Knot DNS, "Configuration Reference"
 */
export function renderNameServer(zones: string[], folder: string): string {
  return [
    'server:',
    `    rundir: ${folder}`,
    `    listen: [${ADDRESSES.resolver}@53, ${ADDRESSES.nameServer}@53]`,
    'database:',
    `    storage: ${folder}`,
    'log:',
    '  - target: stderr',
    '    any: warning',
    'template:',
    '  - id: default',
    `    storage: ${folder}`,
    '    file: "%s.zone"',
    '    zonefile-load: whole',
    '    zonefile-sync: -1',
    '    journal-content: none',
    'zone:',
    ...zones.map((name) => `  - domain: ${name}`),
    '',
  ].join('\n')
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
