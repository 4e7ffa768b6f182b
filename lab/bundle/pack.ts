import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { beside } from '../host/cache.ts'
import { run } from '../host/command.ts'
import { sha256 } from '../host/key.ts'
import { exists } from '../host/packages.ts'
import { VERSIONS } from '../versions.ts'
import type { ImageGroup } from './images.ts'
import type { Release, StandIn } from './standins.ts'

/** The table of contents of an air-gap bundle, `bundle.json`; paths are relative to the bundle. */
export type BundleIndex = {
  format: 1
  tools: { name: string; version: string; file: string; sha256: string }[]
  images: ({ file: string; sha256: string } & Pick<ImageGroup, 'names' | 'for' | 'kubernetes'>)[]
  charts: { name: string; version: string; file: string; sha256: string }[]
}

type Tools = { rke: string; helm: string; kubectl: string; etcd: string; etcdutl: string }

/** Writes programs in the layout of their release pages, with the checksum files that those pages have. */
export async function packTools(bundle: string, tools: Tools, kubernetes: string): Promise<BundleIndex['tools']> {
  const rke = `tools/rke/${VERSIONS.rke}/rke_linux-amd64`
  await put(tools.rke, join(bundle, rke))
  await writeChecksum(bundle, rke, join(dirname(rke), 'sha256sum.txt'))

  const helm = `tools/helm/helm-${VERSIONS.helm}-linux-amd64.tar.gz`
  await packArchive(join(bundle, helm), { 'linux-amd64/helm': tools.helm })
  await writeChecksum(bundle, helm, `${helm}.sha256sum`)

  const kubectl = `tools/kubectl/${kubernetes}/bin/linux/amd64/kubectl`
  await put(tools.kubectl, join(bundle, kubectl))
  await writeFile(join(bundle, `${kubectl}.sha256`), await sha256(join(bundle, kubectl)))

  const folder = `etcd-${VERSIONS.etcd}-linux-amd64`
  const etcd = `tools/etcd/${VERSIONS.etcd}/${folder}.tar.gz`
  await packArchive(join(bundle, etcd), { [`${folder}/etcd`]: tools.etcd, [`${folder}/etcdutl`]: tools.etcdutl })
  await writeChecksum(bundle, etcd, join(dirname(etcd), 'SHA256SUMS'))

  return Promise.all([
    entry(bundle, 'rke', VERSIONS.rke, rke),
    entry(bundle, 'helm', VERSIONS.helm, helm),
    entry(bundle, 'kubectl', kubernetes, kubectl),
    entry(bundle, 'etcd', VERSIONS.etcd, etcd),
  ])
}

export async function packImages(bundle: string, groups: ImageGroup[]): Promise<BundleIndex['images']> {
  const entries: BundleIndex['images'] = []
  for (const group of groups) {
    const file = `images/${group.archive}.tar`
    await put(group.file, join(bundle, file))
    const { names, for: use, kubernetes } = group
    entries.push({ file, sha256: await sha256(join(bundle, file)), names, for: use, ...(kubernetes && { kubernetes }) })
  }
  return entries
}

/** Packs charts with the helm of the bundle; the folder of them, served as it is, is a chart repository. */
export async function packCharts(bundle: string, standIns: StandIn[], helm: string): Promise<BundleIndex['charts']> {
  const folder = join(bundle, 'charts')
  await mkdir(folder, { recursive: true })
  const entries: BundleIndex['charts'] = []
  for (const { name, chart, releases } of standIns) {
    for (const release of releases) {
      await packChart(chart, release, folder, helm)
      const { chartVersion } = release
      entries.push(await entry(bundle, name, chartVersion, `charts/${name}-${chartVersion}.tgz`))
    }
  }
  await run(helm, ['repo', 'index', folder])
  return entries
}

async function packChart(chart: string, { chartVersion, appVersion, kubeVersion }: Release, to: string, helm: string) {
  const copy = await mkdtemp(join(tmpdir(), 'rancher-ha-chart-'))
  try {
    await cp(chart, copy, { recursive: true })
    if (kubeVersion !== undefined) {
      const text = await readFile(join(copy, 'Chart.yaml'), 'utf8')
      await writeFile(join(copy, 'Chart.yaml'), text.replace(/^kubeVersion: .*$/m, `kubeVersion: "${kubeVersion}"`))
    }
    await run(helm, ['package', copy, '--destination', to, '--version', chartVersion, '--app-version', appVersion])
  } finally {
    await rm(copy, { recursive: true })
  }
}

/**
 * Replaces a bundle as a whole: it is written beside the old one and renamed when all of it is there.
 *
 * @param fill writes the files of the bundle into the folder it is given
 */
export async function replaceBundle(bundle: string, key: string, fill: (folder: string) => Promise<BundleIndex>) {
  const folder = await beside(bundle)
  const index = await fill(folder)
  await writeFile(join(folder, 'bundle.json'), `${JSON.stringify(index, null, 2)}\n`)
  await writeFile(join(folder, '.key'), key)
  await chmod(folder, 0o755)
  await rm(bundle, { recursive: true, force: true })
  await rename(folder, bundle)
}

/** A tar.gz of programs, each under its name in the archive. */
async function packArchive(to: string, programs: Record<string, string>): Promise<void> {
  const folder = await beside(to)
  for (const [as, program] of Object.entries(programs)) await put(program, join(folder, as))
  // Without time and owner, so that the same program gives the same archive.
  const same = ['--mtime=@0', '--owner=0', '--group=0', '--sort=name']
  const tops = new Set(Object.keys(programs).map((as) => as.split('/')[0] ?? as))
  await run('tar', ['-C', folder, ...same, '--use-compress-program=gzip -1n', '-cf', to, ...tops])
  await rm(folder, { recursive: true })
}

async function writeChecksum(bundle: string, file: string, to: string): Promise<void> {
  await writeFile(join(bundle, to), `${await sha256(join(bundle, file))}  ${basename(file)}\n`)
}

async function entry(bundle: string, name: string, version: string, file: string) {
  if (!(await exists(join(bundle, file)))) throw new Error(`${file}: not in the bundle.`)
  return { name, version, file, sha256: await sha256(join(bundle, file)) }
}

async function put(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to)
}
