import { keepForPost } from '../closers.ts'
import type { Infrastructure, InfrastructureFacts } from '../infrastructure/infrastructure.ts'
import type { Api, Distribution } from '../kubernetes/distribution.ts'
import type { Rancher } from '../rancher/rancher.ts'
import type { Access, Hosts } from '../remote/host.ts'
import type { NodeLease } from '../remote/lease.ts'
import { thisSession } from '../remote/session.ts'
import type { Run } from '../run.ts'
import type { RancherSettings } from '../settings.ts'
import type { Tools } from '../tools/tools.ts'
import { openReady } from './open-ready.ts'
import { noRancher, type Seen } from './seen.ts'

/** The rooms of one stack, joined for one run. Closing it ends every connection it opened. */
export interface Stack extends AsyncDisposable {
  readonly infrastructure: Infrastructure
  readonly distribution: Distribution
  readonly rancher: Rancher
  readonly tools: Tools
  /** Connections to the nodes that ran when `inspect` looked last. */
  readonly hosts: Hosts
  /** The Kubernetes API, opened at first use. */
  api(): Promise<Api>
  /** Reads all rooms; changes nothing. With `afresh` it connects again, and waits for machines that boot. */
  inspect(options?: { afresh: boolean }): Promise<Seen>
  /** Rancher under a name that no input tells. */
  rancherAt(hostname: string): Rancher
  /**
   * Takes the lease over connections of its own, so that `inspect` may close the others.
   *
   * @param options `allowMinority` only when all recorded nodes that do not answer are known to be off
   */
  lease(members: string[], options?: { allowMinority: boolean }): Promise<NodeLease>
}

/** What status and destroy know of Rancher: only what stands. */
const ANY_RANCHER: RancherSettings = {
  version: undefined,
  chart: 'stable',
  certManagerVersion: undefined,
  helmValues: {},
  bootstrapPassword: undefined,
  token: undefined,
  tls: { source: 'running' },
}

/** Joins the rooms the settings name; each is loaded only now, so that a wrong input answers before. */
export async function openStack(run: Run): Promise<Stack> {
  const { settings, report, folder, signal } = run
  const [{ createTools }, { createInfrastructure }, { createRke }, { createRancher }, { openHosts }, { takeLease }] =
    await Promise.all([
      import('../tools/tools.ts'),
      import('../infrastructure/create.ts'),
      import('../kubernetes/rke/rke.ts'),
      import('../rancher/rancher.ts'),
      import('../remote/ssh.ts'),
      import('../remote/node-lease.ts'),
    ])
  const log = (line: string) => report.line(line)
  const asked = settings.mode === 'install' || settings.mode === 'upgrade' ? settings : undefined
  const tools = createTools(settings.tools, { folder, log })
  const infrastructure = await createInfrastructure(settings, {
    hostname: asked?.hostname,
    nodeCount: asked?.nodeCount,
    keepsAll: settings.mode !== 'install',
    folder,
    log,
  })
  if (infrastructure.letGo !== undefined) keepForPost('cloud', thisSession)

  let facts: InfrastructureFacts | undefined
  let access: Access | undefined
  let hosts: Hosts | undefined
  let api: Promise<Api> | undefined

  const connected = (): Hosts => {
    if (hosts === undefined) throw new Error('The stack was not inspected before it was asked for its nodes.')
    return hosts
  }
  const distribution = createRke({
    stack: settings.stack,
    run: settings.run,
    rkeBinary: () => tools.rke(),
    keyFiles: async () => access?.keyFiles ?? [],
    folder,
    log,
  })
  const makeRancher = (hostname: string) =>
    createRancher({
      settings: asked?.rancher ?? ANY_RANCHER,
      hostname,
      nodeCount: asked?.nodeCount ?? 0,
      loadBalancer: () => facts?.loadBalancer?.address ?? '',
      helmBinary: () => tools.helm(),
      ...(settings.tools.bundle !== undefined && {
        findChart: (name, version) => tools.findChart(name, version),
        listCharts: async (name) => (await tools.listCharts(name)) ?? [],
      }),
      folder,
      mask: (secret) => report.mask(secret),
      log,
    })
  const ranchers = new Map<string, Rancher>()
  const rancherAt = (hostname: string) => {
    const made = ranchers.get(hostname) ?? makeRancher(hostname)
    ranchers.set(hostname, made)
    return made
  }
  const rancher = rancherAt(asked?.hostname ?? '')
  const onNewHostKey = (line: string) => report.line(`Trusted at first contact; put this into ssh-known-hosts: ${line}`)

  const connect = async (waitForBoot: boolean): Promise<Hosts> => {
    const running = facts?.nodes.filter((node) => node.state === 'running') ?? []
    if (running.length > 0) await infrastructure.door?.open(signal)
    if (running.length > 0 && (waitForBoot || access === undefined)) access = await infrastructure.access(folder)
    const via = access ?? { keyFiles: [], knownHosts: [], acceptNew: false }
    return openHosts(running, via, { folder, signal, waitForBoot, onNewHostKey })
  }
  const closeApi = async () => {
    const opened = await api?.catch(() => undefined)
    api = undefined
    await opened?.[Symbol.asyncDispose]()
  }
  const close = async () => {
    await closeApi()
    await hosts?.[Symbol.asyncDispose]()
    hosts = undefined
  }
  const openApi = () => {
    api ??= openReady(() => distribution.openApi(connected()), run.clock, signal)
    return api
  }

  return {
    infrastructure,
    distribution,
    rancher,
    rancherAt,
    tools,
    get hosts() {
      return connected()
    },
    api: openApi,
    async inspect({ afresh } = { afresh: false }) {
      facts = await infrastructure.inspect()
      if (afresh) await close()
      else await closeApi()
      hosts ??= await connect(afresh)
      const cluster = await distribution.inspect(hosts)
      const there = cluster.state === 'running' ? await rancher.inspect(await openApi()) : noRancher(new Date())
      return { infrastructure: facts, cluster, rancher: there }
    },
    async lease(members, { allowMinority } = { allowMinority: false }) {
      await using opened = new AsyncDisposableStack()
      const own = opened.use(await connect(false))
      const { stack, run: id, waitForLeaseMs: waitMs } = settings
      keepForPost('lease', thisSession)
      const lease = opened.use(await takeLease(own, { stack, run: id, members, waitMs, allowMinority, log, signal }))
      const closing = opened.move()
      return {
        holder: lease.holder,
        generation: lease.generation,
        lost: lease.lost,
        session: lease.session,
        admit: (host) => lease.admit(host),
        forget: () => lease.forget(),
        async [Symbol.asyncDispose]() {
          await closing.disposeAsync()
          keepForPost('lease', '')
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await using closing = new AsyncDisposableStack()
      closing.defer(async () => {
        await infrastructure.door?.close()
        if (infrastructure.letGo !== undefined) keepForPost('cloud', '')
      })
      closing.defer(close)
    },
  }
}
