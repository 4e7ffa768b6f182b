import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../host/command.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { underLock } from '../host/lock.ts'
import { exists } from '../host/packages.ts'
import { BIN, BUNDLE } from '../places.ts'
import { OLDER, VERSIONS } from '../versions.ts'
import { type Binaries, buildBinaries, pinnedKubernetes } from './binaries.ts'
import { buildImages } from './images.ts'
import { packCharts, packImages, packTools, replaceBundle } from './pack.ts'
import { downloadBundle } from './releases.ts'
import { STANDIN_PROGRAMS, STANDINS } from './standins.ts'

/** The minors of Kubernetes that the lab's own bundle holds, newest first. */
const MINORS = [VERSIONS.kubernetes, OLDER.kubernetes].map((version) =>
  version.split('.').slice(0, 2).join('.').slice(1),
)

/** What tests call by name. */
const FOR_TESTS = ['act', 'actionlint', 'etcd', 'etcdctl', 'etcdutl', 'helm', 'kubectl', 'rke']

/** The bundle of these minors of Kubernetes ("1.32"). */
export function bundlePath(minors: string[]): string {
  return String(minors) === String(MINORS) ? BUNDLE : `${BUNDLE}-${minors.join('-')}`
}

/**
 * Builds the air-gap bundle from Go modules, stand-ins and Debian packages; the lab has to be up. At once when what
 * it is made from has not changed.
 *
 * @param minors of Kubernetes, newest first: its kubectl serves all of them
 * @returns its folder
 */
export async function buildBundle(minors = MINORS): Promise<string> {
  const bundle = bundlePath(minors)
  const kubernetes = await Promise.all(minors.map(pinnedKubernetes))
  const binaries = await buildBinaries(kubernetes, STANDIN_PROGRAMS)
  await installForTests(binaries)
  const groups = await buildImages(kubernetes, binaries)
  const charts = await Promise.all(STANDINS.map(({ chart }) => folderInput(chart)))
  const key = keyOf(
    binaries.key,
    ...groups.map((group) => group.file),
    JSON.stringify(STANDINS),
    ...charts,
    await folderInput(import.meta.dirname),
  )
  if (await isBuilt(bundle, key)) return bundle

  await replaceBundle(bundle, key, async (folder) => {
    const { rke = '', helm = '', kubectl = '', etcd = '', etcdutl = '' } = binaries.path
    return {
      format: 1,
      tools: await packTools(folder, { rke, helm, kubectl, etcd, etcdutl }, kubernetes[0] ?? ''),
      images: await packImages(folder, groups),
      charts: await packCharts(folder, STANDINS, helm),
    }
  })
  return bundle
}

async function installForTests({ path }: Binaries): Promise<void> {
  await mkdir(BIN, { recursive: true })
  for (const name of FOR_TESTS) {
    const to = join(BIN, name)
    // Renamed: a program that runs cannot be written over.
    await copyFile(path[name] ?? '', `${to}.new`)
    await rename(`${to}.new`, to)
  }
}

async function isBuilt(bundle: string, key: string): Promise<boolean> {
  if (!(await exists(join(bundle, 'bundle.json')))) return false
  return (await readFile(join(bundle, '.key'), 'utf8').catch(() => '')) === key
}

async function main(): Promise<void> {
  const options = {
    from: { type: 'string', default: 'modules' },
    kubernetes: { type: 'string', default: MINORS.join(',') },
  } as const
  const { from, kubernetes } = parseArgs({ options }).values
  const minors = kubernetes.split(',')
  if (from !== 'modules' && from !== 'releases') throw new Error(`--from: expected modules or releases, got ${from}.`)
  await run(process.execPath, [join(import.meta.dirname, '../lab.ts'), 'up'], { show: true })
  console.log(from === 'modules' ? await buildBundle(minors) : await downloadBundle(bundlePath(minors)))
}

if (import.meta.main) await underLock('rancher-ha-bundle', main)
