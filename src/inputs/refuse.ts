import type { Refusal } from '../errors.ts'
import { KNOWN_VERSIONS, TESTED_RKE } from '../kubernetes/rke/versions.ts'
import { fits } from '../rancher/versions.ts'
import { certificateProblem, isKeyOf } from './certificate.ts'
import { PROVIDERS } from './schema.ts'
import { hostnameOf, rkeName, type Values } from './settings.ts'
import { LATEST_PATCH } from './version.ts'

const NEXT = 'Correct the inputs and run again.'

/** What the mode, the provider and the TLS source cannot do without. @param wrong inputs refused already */
export function refuseMissing(values: Values, wrong: Set<string>): Refusal[] {
  return needed(values)
    .filter(({ name }) => !wrong.has(name) && isMissing(values[name as keyof Values]))
    .map(({ name, why, note }) => ({
      kind: 'input',
      subject: name,
      what: `needed with ${why} and mode ${values.mode}, got nothing${note ?? ''}.`,
      next: NEXT,
    }))
}

function needed(values: Values): { name: string; why: string; note?: string }[] {
  const { provider } = values
  const list: { name: string; why: string; note?: string }[] = [
    { name: 'provider', why: 'every stack', note: `; expected one of ${PROVIDERS.join(', ')}` },
  ]
  if (provider === 'hosts') {
    for (const name of ['hosts', 'load-balancer', 'ssh-private-key']) list.push({ name, why: 'provider hosts' })
    const note = '; give the known_hosts lines of the machines, or accept-new to trust what they present'
    list.push({ name: 'ssh-known-hosts', why: 'provider hosts', note })
  }
  if (values['github-token'] === undefined) {
    const note = '; the job has one as github.token'
    for (const name of ['comment', 'failure-issue'] as const) {
      if (values[name]) list.push({ name: 'github-token', why: name, note })
    }
    if (values.environment !== undefined) list.push({ name: 'github-token', why: 'environment', note })
  }
  if (values.mode === 'backup' && values['backup-to'].some(({ kind }) => kind === 'artifact')) {
    const note = '; whoever may read the repository can read its artifacts, so they are encrypted'
    list.push({ name: 'backup-recipients', why: 'backup-to artifact', note })
  }
  if (provider === 'aws') list.push(...neededByAws(values))
  if (values.mode !== 'install') return list
  if (provider !== 'local') list.push({ name: 'hostname', why: `provider ${provider ?? 'hosts'}` })
  if (values['tls-source'] === 'secret') {
    for (const name of ['tls-certificate', 'tls-private-key']) list.push({ name, why: 'tls-source secret' })
  }
  if (values['tls-source'] === 'letsEncrypt') list.push({ name: 'letsencrypt-email', why: 'tls-source letsEncrypt' })
  return list
}

function neededByAws(values: Values): { name: string; why: string; note?: string }[] {
  const list = [{ name: 'aws-region', why: 'provider aws', note: '; AWS_REGION counts too' }]
  if (values.mode === 'sweep') return list
  const note = '; machines are made with its public half, and every later run needs it'
  list.push({ name: 'name', why: 'provider aws', note: '' }, { name: 'ssh-private-key', why: 'provider aws', note })
  if (values['load-balancer-scheme'] !== 'internet-facing' || values.mode !== 'install') return list
  return [...list, { name: 'allowed-cidrs', why: 'load-balancer-scheme internet-facing', note: '' }]
}

function isMissing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0)
}

/** What is sound alone and does not go together. */
export function refuseTogether(values: Values, wrong: Set<string>, now: Date): Refusal[] {
  const refusals: Refusal[] = []
  const refuse = (subject: string, what: string) => {
    refusals.push({ kind: 'input', subject, what: `${what} (mode ${values.mode}).`, next: NEXT })
  }
  refuseHosts(values, refuse)
  if (values.mode === 'restore' && values.unsigned && values['snapshot-signer'].length > 0) {
    refuse('unsigned', 'expected either a snapshot-signer or unsigned, got both')
  }
  for (const { name, fitting } of strangeToProvider(values)) {
    if (!wrong.has(name)) refuse(name, `expected provider ${fitting} with it, got ${values.provider}`)
  }
  if (values.mode === 'sweep' && values.provider === 'hosts') {
    refuse('provider', 'expected aws or local, got hosts: machines that were brought do not expire')
  }
  if (values.mode !== 'install') return refusals
  if (values['aws-spot'] && values.ttl === undefined && !wrong.has('ttl')) {
    refuse('aws-spot', 'expected a ttl with it: a stack that is to stay needs machines that stay')
  }
  const { 'tls-certificate': certificate, 'tls-private-key': privateKey } = values
  const hostname = wrong.has('hostname') ? undefined : hostnameOf(values)
  if (certificate !== undefined && hostname !== undefined) {
    const problem = certificateProblem(certificate, hostname, now)
    if (problem !== undefined) refuse('tls-certificate', problem)
  }
  if (certificate !== undefined && privateKey !== undefined && !isKeyOf(certificate, privateKey)) {
    refuse('tls-private-key', 'expected the key of tls-certificate, got another one')
  }
  return [...refusals, ...refuseVersions(values)]
}

/** Asked of an account, and in vain of any other provider; those that action.yml gives a default are always there. */
const OF_ACCOUNTS = ['aws-role', 'aws-vpc', 'aws-subnets', 'aws-kms-key', 'aws-hosted-zone', 'allowed-cidrs']
/** Machines that were brought are nobody's to take away. */
const NOT_OF_HOSTS = ['ttl']

function strangeToProvider(values: Values): { name: string; fitting: string }[] {
  const { provider } = values
  if (provider === 'aws' || provider === undefined) return []
  const strange = [
    ...OF_ACCOUNTS.map((name) => ({ name, fitting: 'aws' })),
    ...(provider === 'hosts' ? NOT_OF_HOSTS.map((name) => ({ name, fitting: 'aws or local' })) : []),
  ]
  return strange.filter(({ name }) => name in values && !isMissing(values[name as keyof Values]))
}

function refuseHosts(values: Values, refuse: (subject: string, what: string) => void): void {
  const { hosts } = values
  if (values.provider !== 'hosts' || hosts === undefined || hosts.length === 0) return
  const names = hosts.map(({ name }) => name)
  const strange = values['force-nodes'].find((name) => !names.includes(name))
  if (strange !== undefined) refuse('force-nodes', `expected names of hosts (${names.join(', ')}), got "${strange}"`)
  if (values.mode !== 'install') return
  if (![3, 5, 7].includes(hosts.length)) {
    refuse('hosts', `expected an odd number of machines from 3 to 7, got ${hosts.length}`)
  }
  const count = values['node-count']
  if (count !== 3 && count !== hosts.length) {
    refuse('node-count', `expected as many as there are hosts (${hosts.length}), got ${count}`)
  }
}

function refuseVersions(values: Values & { mode: 'install' }): Refusal[] {
  const rke = values['rke-version'] ?? TESTED_RKE
  const kubernetes = values['kubernetes-version']
  const isExact = (version: string | undefined) => version !== undefined && version !== LATEST_PATCH
  if (kubernetes !== undefined && isExact(kubernetes) && rke === TESTED_RKE && rkeName(kubernetes) === undefined) {
    const known = KNOWN_VERSIONS.join(', ')
    return [
      {
        kind: 'input',
        subject: 'kubernetes-version',
        what: `expected a version that rke ${rke} installs (${known}), got v${kubernetes} (mode install).`,
        next: `Set kubernetes-version to one of ${known}.`,
      },
    ]
  }
  const { 'rancher-version': rancher, 'helm-version': helm, 'cert-manager-version': certManager } = values
  return fits({
    ...(rancher !== undefined && isExact(rancher) && { rancher }),
    ...(kubernetes !== undefined && isExact(kubernetes) && { kubernetes: `v${kubernetes}` }),
    ...(values['tls-source'] !== 'secret' && certManager !== undefined && { certManager }),
    ...(helm !== undefined && { helm }),
    distribution: values.distribution ?? 'rke',
  })
}
