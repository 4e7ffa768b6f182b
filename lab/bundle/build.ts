import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../host/command.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { underLock } from '../host/lock.ts'
import { exists } from '../host/packages.ts'
import { BIN, BUNDLE } from '../places.ts'
import { VERSIONS } from '../versions.ts'
import { type Binaries, buildBinaries, pinnedKubernetes } from './binaries.ts'
import { buildImages } from './images.ts'
import { packCharts, packImages, packTools, replaceBundle } from './pack.ts'
import { downloadBundle } from './releases.ts'
import { STANDIN_PROGRAMS, STANDINS } from './standins.ts'

/** The minor that the lab's own versions have; its bundle has the plain name. */
const MINOR = VERSIONS.kubernetes.split('.').slice(0, 2).join('.').slice(1)

/** What tests call by name. */
const FOR_TESTS = ['act', 'actionlint', 'etcd', 'etcdctl', 'etcdutl', 'helm', 'kubectl', 'rke']

/** The bundle of a minor of Kubernetes ("1.32"). */
export function bundlePath(minor: string): string {
  return minor === MINOR ? BUNDLE : `${BUNDLE}-${minor}`
}

/**
 * Builds the air-gap bundle from Go modules, stand-ins and Debian packages; the lab has to be up. At once when what
 * it is made from has not changed.
 *
 * @returns its folder
 */
export async function buildBundle(minor = MINOR): Promise<string> {
  const bundle = bundlePath(minor)
  const kubernetes = await pinnedKubernetes(minor)
  const binaries = await buildBinaries(kubernetes, STANDIN_PROGRAMS)
  await installForTests(binaries)
  const groups = await buildImages(kubernetes, binaries)
  const charts = await Promise.all(STANDINS.map(({ chart }) => folderInput(chart)))
  const key = keyOf(
    binaries.key,
    ...groups.map((group) => group.file),
    ...charts,
    await folderInput(import.meta.dirname),
  )
  if (await isBuilt(bundle, key)) return bundle

  await replaceBundle(bundle, key, async (folder) => {
    const { rke = '', helm = '', kubectl = '' } = binaries.path
    return {
      format: 1,
      tools: await packTools(folder, { rke, helm, kubectl }, kubernetes),
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
    kubernetes: { type: 'string', default: MINOR },
  } as const
  const { from, kubernetes } = parseArgs({ options }).values
  if (from !== 'modules' && from !== 'releases') throw new Error(`--from: expected modules or releases, got ${from}.`)
  await run(process.execPath, [join(import.meta.dirname, '../lab.ts'), 'up'], { show: true })
  console.log(from === 'modules' ? await buildBundle(kubernetes) : await downloadBundle(bundlePath(kubernetes)))
}

if (import.meta.main) await underLock('rancher-ha-bundle', main)
