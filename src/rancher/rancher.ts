import { asStackError, type Refusal } from '../errors.ts'
import type { Api, Asked } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { RancherSettings } from '../settings.ts'
import type { Change, Step } from '../steps.ts'
import { TESTED } from '../versions/table.ts'
import { applyChange, type Workshop } from './apply.ts'
import { readBootstrapPassword } from './bootstrap-secret.ts'
import { type ChartFinder, type Fetch, fetchUrl } from './chart.ts'
import { openClient, type RancherClient } from './client.ts'
import type { RancherFacts, WantedRancher } from './facts.ts'
import { unguard, whileGuarded } from './guard-replicas.ts'
import { runHelm } from './helm.ts'
import { inspect } from './inspect.ts'
import { type Kube, openKube } from './kube.ts'
import { type Key, type Kubeconfig, type Asked as KubeconfigAsked, makeKubeconfig } from './kubeconfig.ts'
import { type ChartLister, type ChartName, offeredCharts } from './offered.ts'
import { askedValues, plan, type RancherChange } from './plan.ts'
import { quiet, wake } from './quiet.ts'
import { refuse } from './refuse.ts'
import { refuseUpgrade, type WantedUpgrade } from './refuse-upgrade.ts'
import { imagesOf, renderChart } from './render-chart.ts'
import { type RollOut, readRollOut } from './roll-out.ts'
import { findCa } from './tls.ts'
import { tryChart } from './try-chart.ts'
import { changesValues, upgradeValues } from './upgrade-values.ts'
import { digestSecrets, overlay } from './values.ts'
import { type Surroundings, want } from './want.ts'
import { whatWentWrong } from './what-went-wrong.ts'

export type RancherOptions = {
  settings: RancherSettings
  hostname: string
  nodeCount: number
  /** Address or name of the load balancer; asked for only when Rancher is. */
  loadBalancer: () => string
  /** Path of the helm binary; asked for only when something is to be installed. */
  helmBinary: () => Promise<string>
  /** Charts of the air-gap bundle; undefined without one. */
  findChart?: ChartFinder | undefined
  /** Versions of the charts it holds; undefined without one. */
  listCharts?: ChartLister | undefined
  /** The run's private folder (mode 0700). */
  folder: string
  /** Registers a secret with the runner's masking before it is used. */
  mask: (secret: string) => void
  log: (line: string) => void
  /** How chart repositories are read; by default node's own fetch. */
  fetch?: Fetch
}

/** Rancher on a running cluster: what is there, what is asked, and the way between. */
export interface Rancher {
  /** Reads, changes nothing, may run at any time. */
  inspect(api: Api): Promise<RancherFacts>
  /** Makes every version exact; reaches a chart repository for `latest-patch` only. */
  want(
    facts: RancherFacts,
    surroundings: Omit<Surroundings, 'hostname' | 'nodeCount'>,
    signal: AbortSignal,
  ): Promise<WantedRancher>
  refuse(facts: RancherFacts, wanted: WantedRancher): Refusal[]
  /** Images a first release will start, to be fetched ahead; none when one stands, or when they cannot be told yet. */
  imagesAhead(facts: RancherFacts, wanted: WantedRancher, signal: AbortSignal): Promise<string[]>
  /** Versions of a chart that can really be had, from where this run takes its charts. */
  offers(chart: ChartName, signal: AbortSignal): Promise<string[]>
  /** Pure: what stands against an upgrade. */
  refuseUpgrade(facts: RancherFacts, wanted: WantedUpgrade): Refusal[]
  /** Renders the chart of a version with the values an upgrade gives it, on this machine only. */
  tryUpgrade(facts: RancherFacts, version: string, kubernetes: string, signal: AbortSignal): Promise<Refusal[]>
  /** Pure: whether other Helm values are asked for than the release has. */
  changesValues(facts: RancherFacts): boolean
  /** Pure: from what stands to what is wanted; empty when nothing differs. */
  plan(facts: RancherFacts, wanted: WantedRancher, asked: Asked | undefined): Step[]
  apply(change: Change, api: Api, lease: Lease, signal: AbortSignal): Promise<void>
  /** What stack.json is to remember of this run: secrets as digests. */
  asked(facts: RancherFacts, wanted: WantedRancher): Required<Pick<Asked, 'rancherVersion' | 'helmValues'>>
  /** How far a change of its pods is, and whether a new one was ever ready. */
  rollOut(api: Api): Promise<RollOut>
  /**
   * Does work that drains nodes, one replica of Rancher at a time, and tells how many were ready.
   *
   * @param reopen the API, opened anew, for what is left to do afterwards
   */
  guarded(
    api: Api,
    reopen: () => Promise<Api>,
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
  /** Takes away the budget that a killed run may have left. */
  unguard(api: Api): Promise<void>
  /** Ends every replica, so that nobody writes through it; @returns wakes them again */
  quiet(api: Api, signal: AbortSignal): Promise<() => Promise<void>>
  wake(api: Api, replicas: number): Promise<void>
  /** What the newest pods say of themselves, a line each, without secrets; never throws. */
  whatWentWrong(api: Api): Promise<string[]>
  /** What stack.json is to remember after an upgrade: what it remembered, with what was asked now over it. Pure. */
  askedAfterUpgrade(version: string, before: Asked | undefined): Required<Pick<Asked, 'rancherVersion' | 'helmValues'>>
  /** PEM of the CA a client of this Rancher has to trust; undefined when it is a public one. */
  ca(api: Api): Promise<string | undefined>
  /**
   * A kubeconfig through Rancher, or why there is none.
   *
   * @throws the system's error when Rancher does not answer
   */
  kubeconfig(api: Api, facts: RancherFacts, asked: KubeconfigWish): Promise<Kubeconfig>
  /** Rancher through the load balancer, its certificate verified. */
  client(api: Api): Promise<RancherClient>
}

export type KubeconfigWish = Pick<KubeconfigAsked, 'description' | 'ttlMs' | 'signal'>

export function createRancher(options: RancherOptions): Rancher {
  const { settings, hostname, nodeCount, helmBinary, folder, findChart, listCharts, fetch = fetchUrl } = options
  const shop: Workshop = { ...options, findChart, fetch, wanted: { hostname, nodeCount } }
  // A pod that was ready and is gone is seen by nobody any more.
  const wasReady = new Set<string>()
  const remember = ({ template, newest }: RollOut) => {
    if (template !== undefined && newest.some(({ everReady }) => everReady)) wasReady.add(template)
  }
  const kubes = new WeakMap<Api, Promise<Kube>>()
  const kubeOf = (api: Api): Promise<Kube> => {
    const kube = kubes.get(api) ?? openKube(api)
    kubes.set(api, kube)
    return kube
  }
  const chartsOf = async (signal: AbortSignal) => ({
    helm: await helmBinary(),
    folder,
    chart: settings.chart,
    findChart,
    fetch,
    signal,
  })
  const rendered = new Map<string, Promise<string[]>>()
  const showChart = (signal: AbortSignal) => async (path: string) =>
    runHelm({ helm: await helmBinary(), args: ['show', 'chart', path], folder, signal })
  const ca = async (api: Api) => findCa(await kubeOf(api), settings.tls)
  const client = async (api: Api) => openClient({ hostname, address: options.loadBalancer(), ca: await ca(api) })

  return {
    inspect: async (api) => inspect(await kubeOf(api)),
    want(facts, surroundings, signal) {
      const sources = { offline: findChart !== undefined, fetch, showChart: showChart(signal), signal }
      return want(facts, { ...surroundings, hostname, nodeCount }, settings, sources)
    },
    refuse: (facts, wanted) => refuse(facts, wanted, settings),
    async imagesAhead(facts, wanted, signal) {
      if (facts.release !== undefined) return []
      const { version, kubernetesVersion = TESTED.kubernetes } = wanted
      const values = askedValues(facts, wanted, settings)
      const render = async () => imagesOf(await renderChart(await chartsOf(signal), version, values, kubernetesVersion))
      const images =
        rendered.get(version) ??
        render().catch((thrown: unknown) => {
          signal.throwIfAborted()
          options.log(`warning: Rancher's images are not pulled ahead: ${asStackError(thrown).message}`)
          return []
        })
      rendered.set(version, images)
      return await images
    },
    offers: (chart, signal) =>
      offeredCharts(chart, settings, { fetch, showChart: showChart(signal), signal }, listCharts),
    refuseUpgrade: (facts, wanted) => refuseUpgrade(facts, wanted, settings),
    async tryUpgrade(facts, version, kubernetes, signal) {
      return await tryChart(await chartsOf(signal), version, upgradeValues(facts, settings), kubernetes)
    },
    changesValues: (facts) => changesValues(facts, settings),
    plan: (facts, wanted, asked) => plan(facts, wanted, asked?.helmValues, settings),
    async apply(change, api, _lease, signal) {
      const { kubeconfigFile } = api
      await applyChange(
        change as RancherChange,
        { ...shop, seen: remember },
        { kube: await kubeOf(api), kubeconfigFile },
        signal,
      )
    },
    asked: (facts, wanted) => ({
      rancherVersion: wanted.version,
      helmValues: digestSecrets(askedValues(facts, wanted, settings)),
    }),
    async rollOut(api) {
      const now = await readRollOut(await kubeOf(api))
      if (now.template === undefined || !wasReady.has(now.template)) return now
      return { ...now, newest: now.newest.map((pod) => ({ ...pod, everReady: true })) }
    },
    async guarded(api, reopen, work, signal) {
      const open = async () => kubeOf(await reopen())
      await whileGuarded(await kubeOf(api), work, { reopen: open, log: options.log, seen: remember, signal })
    },
    unguard: async (api) => unguard(await kubeOf(api)),
    quiet: async (api, signal) => quiet(await kubeOf(api), { log: options.log, signal }),
    wake: async (api, replicas) => wake(await kubeOf(api), replicas),
    whatWentWrong: async (api) => whatWentWrong(await kubeOf(api)),
    askedAfterUpgrade: (version, before) => ({
      rancherVersion: version,
      helmValues: overlay(before?.helmValues ?? {}, digestSecrets(settings.helmValues)),
    }),
    ca,
    async kubeconfig(api, facts, asked) {
      const key = await keyOf(facts, settings, () => kubeOf(api))
      if (key === undefined) return { why: NO_KEY }
      return makeKubeconfig({ ...asked, key, client: await client(api), mask: options.mask })
    },
    client,
  }
}

const NO_KEY = "rancher-token was not given, and the first password is no longer the admin's"

/** A token that was given comes first; the first password is the admin's until somebody has changed it. */
async function keyOf(
  { bootstrapSecret, firstLogin }: RancherFacts,
  { token }: RancherSettings,
  kube: () => Promise<Kube>,
): Promise<Key | undefined> {
  if (token !== undefined) return { token }
  if (!bootstrapSecret || firstLogin === false) return undefined
  return { password: await readBootstrapPassword(await kube()) }
}
