import { createWriteStream } from 'node:fs'
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from '../host/command.ts'
import { docker } from '../host/docker.ts'
import { sha256 } from '../host/key.ts'
import { progress } from '../host/progress.ts'
import { VERSIONS } from '../versions.ts'
import { type BundleIndex, replaceBundle } from './pack.ts'

const { rke, helm, kubernetes, etcd, rancher, certManager } = VERSIONS

/** A tool: where its release page has it and its checksum, and where both stand in a bundle. */
const TOOLS = [
  {
    name: 'rke',
    version: rke,
    page: `https://github.com/rancher/rke/releases/download/${rke}`,
    under: `tools/rke/${rke}`,
    file: 'rke_linux-amd64',
    checksum: 'sha256sum.txt',
  },
  {
    name: 'helm',
    version: helm,
    page: 'https://get.helm.sh',
    under: 'tools/helm',
    file: `helm-${helm}-linux-amd64.tar.gz`,
    checksum: `helm-${helm}-linux-amd64.tar.gz.sha256sum`,
  },
  {
    name: 'kubectl',
    version: kubernetes,
    page: `https://dl.k8s.io/release/${kubernetes}/bin/linux/amd64`,
    under: `tools/kubectl/${kubernetes}/bin/linux/amd64`,
    file: 'kubectl',
    checksum: 'kubectl.sha256',
  },
  {
    name: 'etcd',
    version: etcd,
    page: `https://github.com/etcd-io/etcd/releases/download/${etcd}`,
    under: `tools/etcd/${etcd}`,
    file: `etcd-${etcd}-linux-amd64.tar.gz`,
    checksum: 'SHA256SUMS',
  },
]

const CHARTS = [
  { name: 'rancher', version: rancher, repository: 'https://releases.rancher.com/server-charts/stable' },
  { name: 'cert-manager', version: certManager, repository: 'https://charts.jetstack.io' },
]

/** What of Rancher's list of images a local cluster without downstream clusters starts. */
const RANCHER_IMAGES = /^rancher\/(rancher|rancher-webhook|shell|fleet|fleet-agent|mirrored-cluster-api-controller):/

/**
 * Downloads a bundle of the same layout with the published programs, images and charts, in place of building one.
 *
 * Never exercised: the machine this was written on reaches neither release pages nor image registries.
 */
export async function downloadBundle(bundle: string): Promise<string> {
  await replaceBundle(bundle, 'releases', async (folder) => {
    const tools = await Promise.all(TOOLS.map((tool) => downloadTool(folder, tool)))
    const fileOf = (name: string) => join(folder, tools.find((tool) => tool.name === name)?.file ?? '')
    const program = join(folder, '.helm')
    await mkdir(program)
    await run('tar', ['-C', program, '-xzf', fileOf('helm'), '--strip-components=1'])
    const charts = await downloadCharts(folder, join(program, 'helm'))
    await rm(program, { recursive: true })
    return { format: 1, tools, images: await downloadImages(folder, fileOf('rke')), charts }
  })
  return bundle
}

async function downloadTool(folder: string, tool: (typeof TOOLS)[number]): Promise<BundleIndex['tools'][number]> {
  const { name, version, page, under } = tool
  for (const each of [tool.file, tool.checksum]) await download(`${page}/${each}`, join(folder, under, each))
  const file = join(under, tool.file)
  const published = await readFile(join(folder, under, tool.checksum), 'utf8')
  const digest = await sha256(join(folder, file))
  if (!published.includes(digest)) throw new Error(`${file}: its SHA-256 ${digest} is not the published one.`)
  await chmod(join(folder, file), 0o755)
  return { name, version, file, sha256: digest }
}

async function downloadCharts(folder: string, helmProgram: string): Promise<BundleIndex['charts']> {
  const entries: BundleIndex['charts'] = []
  for (const { name, version, repository } of CHARTS) {
    const file = `charts/${name}-${version}.tgz`
    await mkdir(join(folder, 'charts'), { recursive: true })
    await run(helmProgram, ['pull', name, '--repo', repository, '--version', version, '-d', join(folder, 'charts')])
    entries.push({ name, version, file, sha256: await sha256(join(folder, file)) })
  }
  return entries
}

async function downloadImages(folder: string, rkeProgram: string): Promise<BundleIndex['images']> {
  const system = await run(rkeProgram, ['config', '--system-images', '--version', VERSIONS.rkeKubernetes])
  const listed = await fetched(`https://github.com/rancher/rancher/releases/download/v${rancher}/rancher-images.txt`)
  const groups = {
    rke: lines(system).filter((line) => !line.includes('level=')),
    rancher: lines(await listed.text()).filter((line) => RANCHER_IMAGES.test(line)),
    'cert-manager': ['controller', 'webhook', 'cainjector', 'startupapicheck'].map(
      (part) => `quay.io/jetstack/cert-manager-${part}:${certManager}`,
    ),
  }
  const entries: BundleIndex['images'] = []
  await mkdir(join(folder, 'images'), { recursive: true })
  for (const group of ['rke', 'rancher', 'cert-manager'] as const) {
    const file = `images/${group}.tar`
    await progress(`Images for ${group}`, async () => {
      for (const name of groups[group]) await docker(['pull', '-q', name])
      await docker(['save', '-o', join(folder, file), ...groups[group]])
    })
    entries.push({ file, sha256: await sha256(join(folder, file)), names: groups[group], for: group })
  }
  return entries
}

async function download(url: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const response = await progress(`Download ${url}`, () => fetched(url))
  if (response.body === null) throw new Error(`${url}: an empty answer.`)
  await pipeline(Readable.fromWeb(response.body), createWriteStream(to))
}

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}.`)
  return response
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
