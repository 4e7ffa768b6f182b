import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asStackError, type Refusal, StackError } from '../errors.ts'
import type { ToolSettings } from '../settings.ts'
import { type Bundle, type BundleImage, findBundleChart, type ImageUse, openBundle } from './bundle.ts'
import { type Binary, findInBundle, findReleased, type Workshop } from './find-binary.ts'
import { archOf, resolveVersion, type ToolName } from './release.ts'

/** The programs, images and charts a run needs. Each is found once, checked, and remembered; unpacked when it is used. */
export interface Tools {
  /** Path of the checked binary. */
  rke(): Promise<string>
  helm(): Promise<string>
  /** etcd and its own tool, to try a snapshot on this machine. */
  etcd(): Promise<{ etcd: string; etcdutl: string }>
  /** File of a chart in the bundle, checked; undefined without a bundle, or when it has no such chart. */
  findChart(name: string, version: string): Promise<string | undefined>
  /** Versions of a chart in the bundle; undefined without a bundle. */
  listCharts(name: string): Promise<string[] | undefined>
  /**
   * Image archives of the bundle; empty without one. They are large: who loads one checks it then (`verifyFile`).
   *
   * @param use only those this part of the stack needs
   */
  images(use?: ImageUse): Promise<BundleImage[]>
  /** Finds and checks all that is needed and says what stands against it, all at once; changes nothing on the stack. */
  preflight(): Promise<Refusal[]>
  /** Where each tool found so far came from and by whose digest it was checked, a line each. */
  origins(): string[]
}

export type ToolOptions = {
  folder: string
  log: (line: string) => void
  /** Whether released files are kept for later runs; default true, where the runner has a tool cache. */
  cache?: boolean
  /** As `process.arch` names it. */
  arch?: string
}

export function createTools(settings: ToolSettings, options: ToolOptions): Tools {
  const { folder, log, cache = true, arch = process.arch } = options
  // The runner's contract, by which @actions/tool-cache finds the same folder.
  const toolCache = cache ? process.env['RUNNER_TOOL_CACHE'] || undefined : undefined
  const shop: Workshop = { folder, mirror: settings.mirror, toolCache, log }
  const asked = { rke: settings.rkeVersion, helm: settings.helmVersion, etcd: undefined }
  const found: Binary[] = []

  const bundle = once(
    async (): Promise<Bundle | undefined> =>
      settings.bundle === undefined ? undefined : await openBundle(settings.bundle, folder),
  )
  const find = async (name: ToolName): Promise<Binary> => {
    const released = archOf(arch)
    if (released === undefined) throw noRelease(name, arch)
    const opened = await bundle()
    const version = chooseVersion(name, asked[name], opened)
    const tool = { name, version, arch: released }
    const binary = opened === undefined ? await findReleased(tool, shop) : await findInBundle(opened, tool, shop)
    found.push(binary)
    return binary
  }
  const open = (name: ToolName) => {
    const binary = once(() => find(name))
    return { find: binary, unpack: once(async () => (await binary()).unpack()) }
  }
  const [rke, helm, etcd] = [open('rke'), open('helm'), open('etcd')]
  const images = async (use?: ImageUse) =>
    ((await bundle())?.images ?? []).filter((image) => use === undefined || image.for === use)

  return {
    rke: rke.unpack,
    helm: helm.unpack,
    async etcd() {
      const path = await etcd.unpack()
      return { etcd: path, etcdutl: join(dirname(path), 'etcdutl') }
    },
    images,
    async findChart(name, version) {
      const opened = await bundle()
      return opened === undefined ? undefined : await findBundleChart(opened, name, version)
    },
    async listCharts(name) {
      const opened = await bundle()
      return opened?.charts.filter((chart) => chart.name === name).map(({ version }) => version)
    },
    async preflight() {
      const results = await Promise.allSettled([rke.find(), helm.find(), images().then(seeAll)])
      return uniqueRefusals(results)
    },
    origins: () => found.map(formatOrigin),
  }
}

/** With a bundle and no wish, the bundle's only version of it. */
function chooseVersion(name: ToolName, asked: string | undefined, bundle: Bundle | undefined): string {
  const offered = new Set(bundle?.tools.filter((tool) => tool.name === name).map(({ version }) => version))
  const [only] = offered
  const isOpen = asked === undefined || asked === 'latest-patch'
  return isOpen && offered.size === 1 && only !== undefined ? only : resolveVersion(name, asked)
}

async function seeAll(images: BundleImage[]): Promise<void> {
  const missing: string[] = []
  for (const { file } of images) await access(file).catch(() => missing.push(file))
  if (missing.length === 0) return
  throw new StackError('preflight', `airgap-bundle: the image archives ${missing.join(', ')} are missing.`, {
    next: 'Give the bundle as it was built.',
  })
}

/** One trouble with the bundle would be told by each tool. */
function uniqueRefusals(results: PromiseSettledResult<unknown>[]): Refusal[] {
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [asStackError(result.reason)] : []))
  const distinct = new Map(errors.map((error) => [error.message, error]))
  return [...distinct.values()].map(({ kind, message, next }) => ({
    kind,
    subject: 'tools',
    what: message,
    next: next ?? 'Run again.',
  }))
}

function formatOrigin({ tool, from, checkedBy }: Binary): string {
  const digest = {
    bundle: "the bundle's digest",
    source: 'a digest in the source',
    'published file': 'the published checksum file',
  }
  return `${tool.name} ${tool.version} (${tool.arch}) from the ${from}, checked by ${digest[checkedBy]}`
}

function noRelease(name: ToolName, arch: string): StackError {
  return new StackError('preflight', `${name} is released for amd64 and arm64, and this machine is ${arch}.`, {
    stands: 'Nothing was changed.',
    next: 'Run on an amd64 or arm64 machine.',
  })
}

/** The same promise for every caller; a failure is remembered too. */
function once<T>(act: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined
  return () => {
    promise ??= act()
    return promise
  }
}
