import { join } from 'node:path'
import { BROKEN, IMAGES, RELEASES, rancherImage, VERSIONS } from '../versions.ts'
import type { Program } from './binaries.ts'

/** A product that cannot be had without an image registry, and what the lab runs in its place (`lab/standin`). */
export type StandIn = {
  /** Name of the program, of the chart, and of the images' archive in the bundle. */
  name: 'rancher' | 'cert-manager'
  chart: string
  releases: Release[]
  /** Each an image by all its names. */
  images: string[][]
}

/** One version of a chart, as `helm package` takes it; `kubeVersion` in the place of what the chart's file says. */
export type Release = { chartVersion: string; appVersion: string; kubeVersion?: string }

const STANDIN = join(import.meta.dirname, '../standin')

/** @see Rancher, chart/Chart.yaml of each minor */
const KUBE_VERSIONS: Record<string, string> = { '2.10': '< 1.32.0-0', '2.11': '< 1.33.0-0' }

const rancherReleases: string[] = [...RELEASES, ...Object.values(BROKEN)]
const withImage = rancherReleases.filter((release) => release !== BROKEN.noImage)

export const STANDINS: StandIn[] = [
  {
    name: 'rancher',
    chart: join(STANDIN, 'rancher/chart'),
    releases: rancherReleases.map(rancherRelease),
    // One image by many names: which release it plays it learns from its chart.
    images: [withImage.map(rancherImage), [...new Set(withImage.map(webhookImage))], [IMAGES.shell]],
  },
  {
    name: 'cert-manager',
    chart: join(STANDIN, 'cert-manager/chart'),
    releases: [{ chartVersion: VERSIONS.certManager, appVersion: VERSIONS.certManager }],
    images: [[IMAGES.certManager]],
  },
]

function rancherRelease(release: string): Release {
  const kubeVersion = KUBE_VERSIONS[release.split('.').slice(0, 2).join('.')]
  if (kubeVersion === undefined) throw new Error(`Rancher ${release}: no kubeVersion is known for its minor.`)
  return { chartVersion: release, appVersion: `v${release}`, kubeVersion }
}

/** The webhook's image that the server of a release asks for; `webhookTag` in its configuration.go is the rule. */
function webhookImage(release: string): string {
  const [numbers = ''] = release.split('-')
  const [, minor, patch] = numbers.split('.').map(Number)
  return `rancher-ha-lab/rancher-webhook:v0.${Number(minor) - 4}.${patch}`
}

/** Both servers share the folder `kube` through a `replace`. */
export const STANDIN_PROGRAMS: Program[] = STANDINS.map(({ name }) => ({
  name,
  module: `../standin/${name}/server`,
  what: '.',
  also: ['../standin/kube'],
}))

/** The lines of a stand-in's Dockerfile: the shell of the base image, and one program. */
export function standInDockerfile(program: string): string {
  const path = `/usr/local/bin/${program}`
  return [`FROM ${IMAGES.base}`, `COPY ${program} ${path}`, `ENTRYPOINT ["${path}"]`, ''].join('\n')
}
