import type { Interface } from './interfaces.ts'
import type { LabGroup } from './moto.ts'

/**
 * Security groups as the packet filter of the private network's router: whatever goes to an interface is dropped unless
 * a rule of one of its groups admits it, or it answers what was admitted. A connection that stands goes on when its rule
 * is taken away, as tracked ones do on AWS. Nobody sends from an address that is not its own.
 *
 * Rules for what goes out are not looked at: everything may.
 *
 * @param gateway device towards the internet
 * @returns a script of nft that replaces what stood before, whole or not at all
 * @see AWS, "Security group connection tracking"
 */
export function renderFilter(interfaces: Interface[], groups: LabGroup[], gateway: string): string {
  const used = groups.filter(({ id }) => interfaces.some((one) => one.groups.includes(id)))
  const own = interfaces.flatMap(({ device, addresses }) => addresses.map(({ address }) => `"${device}" . ${address}`))
  const members = (group: string) =>
    interfaces.filter((one) => one.groups.includes(group)).flatMap((one) => one.addresses.map(({ address }) => address))
  const named = new Set(used.flatMap(({ rules }) => rules.flatMap(({ group }) => group ?? [])))
  const admit = ({ device, groups: its }: Interface) =>
    used.filter(({ id }) => its.includes(id)).map(({ id }) => `    oifname "${device}" jump ${chainOf(id)}`)
  return [
    'table ip rancher_ha_cloud',
    'delete table ip rancher_ha_cloud',
    'table ip rancher_ha_cloud {',
    set('own', 'ifname . ipv4_addr', own),
    ...[...named].map((group) => set(membersOf(group), 'ipv4_addr', members(group))),
    ...used.map(({ id, rules }) => chain(chainOf(id), rules.flatMap(renderRule))),
    '  chain forward {',
    '    type filter hook forward priority filter; policy drop;',
    `    iifname != "${gateway}" iifname . ip saddr != @own drop`,
    '    ct state established,related accept',
    `    oifname "${gateway}" accept`,
    ...interfaces.flatMap(admit),
    '  }',
    '}',
    '',
  ].join('\n')
}

/** An instance's public address stands for its private one, in both directions. */
export function renderTranslation(interfaces: Interface[]): string {
  const pairs = interfaces.flatMap(({ addresses }) =>
    addresses.flatMap((one) => (one.public === undefined ? [] : [{ inner: one.address, outer: one.public }])),
  )
  const map = (name: string, elements: string[]) => set(name, 'ipv4_addr : ipv4_addr', elements, 'map')
  return [
    'table ip rancher_ha_cloud',
    'delete table ip rancher_ha_cloud',
    'table ip rancher_ha_cloud {',
    map(
      'inner',
      pairs.map(({ inner, outer }) => `${outer} : ${inner}`),
    ),
    map(
      'outer',
      pairs.map(({ inner, outer }) => `${inner} : ${outer}`),
    ),
    '  chain prerouting {',
    '    type nat hook prerouting priority dstnat;',
    '    dnat to ip daddr map @inner',
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat;',
    '    snat to ip saddr map @outer',
    '  }',
    '}',
    '',
  ].join('\n')
}

/** A rule for addresses of the sixth version is left out: the lab has none. */
function renderRule({ protocol, from, to, cidr, group }: LabGroup['rules'][number]): string[] {
  const source = group === null ? cidr : `@${membersOf(group)}`
  if (source === null) return []
  const saddr = source === '0.0.0.0/0' ? '' : `ip saddr ${source} `
  if (protocol === '-1') return [`    ${saddr}accept`]
  if (protocol !== 'tcp' && protocol !== 'udp') return [`    ${saddr}meta l4proto ${protocol} accept`]
  return [`    ${saddr}${protocol} dport ${from === to ? from : `${from}-${to}`} accept`]
}

function chain(name: string, lines: string[]): string {
  return [`  chain ${name} {`, ...lines, '  }'].join('\n')
}

function set(name: string, type: string, elements: string[], kind = 'set'): string {
  const content = elements.length === 0 ? [] : [`    elements = { ${elements.join(', ')} }`]
  return [`  ${kind} ${name} {`, `    type ${type}`, ...content, '  }'].join('\n')
}

const chainOf = (group: string) => `to_${group.replaceAll('-', '_')}`
const membersOf = (group: string) => `of_${group.replaceAll('-', '_')}`
