import { join } from 'node:path'
import { IMAGES, VERSIONS } from '../versions.ts'
import type { Program } from './binaries.ts'

/** A product that cannot be had without an image registry, and what the lab runs in its place (`lab/standin`). */
export type StandIn = {
  /** Name of the program, of the chart, and of the images' group in the bundle. */
  name: 'rancher' | 'cert-manager'
  chart: string
  /** As `helm package` takes them. */
  chartVersion: string
  appVersion: string
  images: { name: string; environment: Record<string, string> }[]
}

const STANDIN = join(import.meta.dirname, '../standin')

export const STANDINS: StandIn[] = [
  {
    name: 'rancher',
    chart: join(STANDIN, 'rancher/chart'),
    chartVersion: VERSIONS.rancher,
    appVersion: `v${VERSIONS.rancher}`,
    images: [
      { name: IMAGES.rancher, environment: { RANCHER_VERSION: `v${VERSIONS.rancher}` } },
      { name: IMAGES.rancherWebhook, environment: {} },
      { name: IMAGES.shell, environment: {} },
    ],
  },
  {
    name: 'cert-manager',
    chart: join(STANDIN, 'cert-manager/chart'),
    chartVersion: VERSIONS.certManager,
    appVersion: VERSIONS.certManager,
    images: [{ name: IMAGES.certManager, environment: {} }],
  },
]

/** Both servers share the folder `kube` through a `replace`. */
export const STANDIN_PROGRAMS: Program[] = STANDINS.map(({ name }) => ({
  name,
  module: `../standin/${name}/server`,
  what: '.',
  also: ['../standin/kube'],
}))

/** The lines of a stand-in's Dockerfile: the shell of the base image, and one program. */
export function standInDockerfile(program: string, environment: Record<string, string>): string {
  const set = Object.entries(environment).map(([name, value]) => `ENV ${name}=${value}`)
  const path = `/usr/local/bin/${program}`
  return [`FROM ${IMAGES.base}`, `COPY ${program} ${path}`, ...set, `ENTRYPOINT ["${path}"]`, ''].join('\n')
}
