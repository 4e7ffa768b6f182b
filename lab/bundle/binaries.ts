import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '../host/cache.ts'
import { goBuild, goFlags, goVersion } from '../host/go.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { CACHE } from '../places.ts'
import { VERSIONS } from '../versions.ts'

const HERE = import.meta.dirname

/** One program: the folder of its Go module, what to build there, and what is set at link time. */
export type Program = {
  name: string
  /** The name it is found by, where several versions of it are built. */
  as?: string
  module: string
  what: string
  variables?: Record<string, string>
  also?: string[]
}

const PINNED: Program[] = [
  { name: 'etcd', module: 'modules/etcd', what: 'go.etcd.io/etcd/server/v3' },
  { name: 'etcdctl', module: 'modules/etcd', what: 'go.etcd.io/etcd/etcdctl/v3' },
  { name: 'etcdutl', module: 'modules/etcd', what: 'go.etcd.io/etcd/etcdutl/v3' },
  { name: 'rke', module: 'modules/rke', what: 'github.com/rancher/rke', variables: { 'main.VERSION': VERSIONS.rke } },
  {
    name: 'helm',
    module: 'modules/helm',
    what: 'helm.sh/helm/v3/cmd/helm',
    variables: { 'helm.sh/helm/v3/internal/version.version': VERSIONS.helm },
  },
  { name: 'skipper', module: 'modules/skipper', what: 'github.com/zalando/skipper/cmd/skipper' },
  { name: 'act', module: 'modules/act', what: 'github.com/nektos/act' },
  { name: 'actionlint', module: 'modules/act', what: 'github.com/rhysd/actionlint/cmd/actionlint' },
  { name: 'tools', module: 'images/tools', what: '.' },
]

/** The paths of built programs by name, and the key of all that they were built from. */
export type Binaries = { path: Record<string, string>; key: string }

/**
 * Builds what is not built yet; the rest comes from the cache.
 *
 * @param kubernetes versions of Kubernetes ("v1.32.6"), newest first; their minors name the modules
 * @param more programs beside the pinned ones: the servers of the stand-ins
 */
export async function buildBinaries(kubernetes: string[], more: Program[]): Promise<Binaries> {
  const go = await goVersion()
  const path: Record<string, string> = {}
  // One kubectl serves all: it may be a minor newer than the API server it talks to.
  const kubectl = kubernetes.slice(0, 1).map((version) => componentProgram('kubectl', version))
  for (const program of [...PINNED, ...kubernetes.map(hyperkube), ...kubectl, ...more]) {
    path[program.as ?? program.name] = await build(program, go)
  }
  return { path, key: keyOf(...Object.values(path)) }
}

/** The name by which the components of a version are found among the binaries. */
export const hyperkubeOf = (version: string) => `hyperkube-${version}`

/**
 * The version of Kubernetes that the module of a minor ("1.32") pins.
 *
 * @throws Error that names the module, when there is none for this minor
 */
export async function pinnedKubernetes(minor: string): Promise<string> {
  const file = join(HERE, 'modules', `kubernetes-${minor}`, 'go.mod')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`Kubernetes ${minor}: no module at lab/bundle/modules/kubernetes-${minor}.`, { cause })
  })
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1]
  if (version === undefined) throw new Error(`${file}: requires no k8s.io/kubernetes.`)
  return version
}

function hyperkube(version: string): Program {
  return { ...componentProgram('hyperkube', version), as: hyperkubeOf(version), what: '.' }
}

function componentProgram(component: string, version: string): Program {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const name = (of: string) => `k8s.io/component-base/version.${of}`
  const variables = {
    [name('gitVersion')]: version,
    [name('gitMajor')]: major,
    [name('gitMinor')]: minor,
    [name('gitTreeState')]: 'clean',
  }
  const module = `modules/kubernetes-${major}.${minor}`
  return { name: component, module, what: `k8s.io/kubernetes/cmd/${component}`, variables }
}

async function build({ name, as, module, what, variables = {}, also = [] }: Program, go: string): Promise<string> {
  const folder = join(HERE, module)
  const inputs = await Promise.all([module, ...also].map((each) => folderInput(join(HERE, each))))
  const key = keyOf(name, what, go, ...goFlags(variables), ...inputs)
  return cached(`Build ${as ?? name}`, join(CACHE, 'binaries', `${name}-${key}`), (to) =>
    goBuild(folder, what, to, variables),
  )
}
