import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { throwRefusals } from '../../errors.ts'
import type { Access } from '../../remote/host.ts'
import { thisSession } from '../../remote/session.ts'
import type { Infrastructure } from '../infrastructure.ts'
import { resolveAll } from '../network.ts'
import { applyAws } from './apply.ts'
import type { AwsChange } from './changes.ts'
import { dropClaim, takeClaim } from './claim.ts'
import { type ClientOptions, openAws } from './client.ts'
import type { AwsContext, AwsNetwork } from './context.ts'
import { closeDoor, doorKey, openableDoor } from './door.ts'
import { type FirstContact, sshFirstContact } from './first-contact.ts'
import { findByName } from './groups.ts'
import { inspectAws } from './inspect.ts'
import { rememberAws } from './memory.ts'
import { namesOf } from './names.ts'
import { ownAddress } from './own-address.ts'
import { planAws } from './plan.ts'
import { planAwsDestroy, planAwsRetire } from './plan-destroy.ts'
import { planAwsReplace } from './plan-replace.ts'
import { publicKeyOf } from './public-key.ts'
import type { AwsRunSettings } from './settings.ts'
import { findPlace } from './where.ts'

export type AwsOptions = {
  /** What install asks for; absent when the stack is only read or taken away. */
  asked?: AwsContext['asked']
  /** The run's private folder. */
  folder?: string
  log?: (line: string) => void
  /** Tells this run's door from every other's; post is told it. */
  session?: string
  network?: AwsNetwork
  firstContact?: FirstContact
  client?: ClientOptions
  now?: () => Date
  pollMs?: number
}

const POLL_MS = 3_000

/** A run ends a little after its deadline: what it opened counts until then. */
const AFTER_DEADLINE_MS = 15 * 60_000

/** Machines, a network load balancer and a name in an account of AWS. Its tags are the truth; nothing else is kept. */
export async function awsInfrastructure(settings: AwsRunSettings, options: AwsOptions = {}): Promise<Infrastructure> {
  const context = await openContext(settings, options)
  const { run } = settings
  return {
    provider: 'aws',
    inspect: () => inspectAws(context),
    aim(wanted) {
      context.asked = { ...wanted, keepsAll: true }
    },
    plan: (facts, wanted) => planAws(facts, wanted, context),
    planRetire: planAwsRetire,
    planReplace: planAwsReplace,
    planDestroy: planAwsDestroy,
    apply: (change, _lease, signal) => applyAws(context, change as AwsChange & typeof change, signal),
    claim: async (waitMs) => takeClaim({ ...context, vpc: await vpcOf(context) }, waitMs),
    access: (folder) => accessTo(settings.ssh.privateKeys, folder),
    remember: (memory) => rememberAws(context, memory),
    door: context.door,
    async letGo() {
      const closed = await closeDoor(context, [doorKey(run, options.session ?? thisSession)])
      const freed = await dropClaim(context)
      const told = [closed > 0 && `closed ${closed} rules of the door`, freed && 'gave back the claim on the stack']
      return told.filter((text) => text !== false).join('; ') || undefined
    },
  }
}

export async function openContext(settings: AwsRunSettings, options: AwsOptions): Promise<AwsContext> {
  const { provider, stack, run, ssh, deadline } = settings
  const { log = () => {}, now = () => new Date(), session = thisSession } = options
  const aws = await openAws(provider, options.client)
  const common = {
    stack,
    run,
    settings: provider,
    names: namesOf(stack, provider.region),
    aws,
    network: options.network ?? { resolve: resolveAll, ownAddress },
    now,
    log,
  }
  const end = new Date(deadline.getTime() + AFTER_DEADLINE_MS)
  const access = (folder: string) => accessTo(ssh.privateKeys, folder)
  return {
    ...common,
    door: openableDoor({ ...common, key: doorKey(run, session), until: end }),
    firstContact: options.firstContact ?? sshFirstContact({ access, folder: options.folder ?? '' }),
    asked: options.asked,
    publicKeys: ssh.privateKeys.map(publicKeyOf),
    pollMs: options.pollMs ?? POLL_MS,
  }
}

/** Where the stack stands, else where it would. @throws StackError of kind `preflight` when there is no such place */
async function vpcOf(context: AwsContext): Promise<string> {
  const group = await findByName(context, context.names.nodesGroup)
  if (group?.VpcId !== undefined) return group.VpcId
  const place = await findPlace(context)
  if ('found' in place) return place.found.vpc
  throwRefusals(place.refusals)
  return ''
}

async function accessTo(privateKeys: string[], folder: string): Promise<Access> {
  const keyFiles = await Promise.all(
    privateKeys.map(async (key, index) => {
      const file = join(folder, `id-${index + 1}`)
      await writeFile(file, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 })
      return file
    }),
  )
  return { keyFiles, knownHosts: [], acceptNew: false }
}
