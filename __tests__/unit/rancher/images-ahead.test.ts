import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import { createRancher } from '../../../src/rancher/rancher.ts'
import { imagesOf } from '../../../src/rancher/render-chart.ts'
import { bare, HOSTNAME, installed, settings, wanted } from './make.ts'

const MANIFESTS = `---
# Source: rancher/templates/deployment.yaml
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{ name: first, image: tools:1 }]
      containers: [{ name: rancher, image: "rancher/rancher:v2.11.3" }, { name: audit, image: tools:1 }]
---
kind: Job
metadata: { annotations: { "helm.sh/hook": post-delete } }
spec: { template: { spec: { containers: [{ name: clean, image: shell:1 }] } } }
---
kind: Service
spec: { ports: [] }
---
`

let folder = ''
let said: string[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'))
  said = []
})
afterEach(() => rm(folder, { recursive: true }))

/** Rancher with a helm that writes down its calls and the values file with its mode, and ends as told. */
async function rancherWith(end: string) {
  const helm = join(folder, 'helm')
  const keep = `for word; do case $word in *-values-*) cp "$word" ${folder}/given; stat -c %a "$word" >${folder}/mode ;; esac; done`
  await writeFile(helm, `#!/bin/sh\necho "$@" >>${folder}/calls\n${keep}\n${end}\n`)
  await chmod(helm, 0o755)
  return createRancher({
    settings: settings({ bootstrapPassword: 'a-first-password', helmValues: { rancherImage: 'mine/rancher' } }),
    hostname: HOSTNAME,
    nodeCount: 3,
    loadBalancer: () => '127.0.0.1',
    helmBinary: async () => helm,
    findChart: async (name, version) => `/bundle/${name}-${version}.tgz`,
    folder,
    mask: () => {},
    log: (line) => said.push(line),
  })
}

const calls = async () => (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).trim().split('\n')
const { signal } = new AbortController()

test('images of the pods that stay, each once; not those of a hook', () => {
  expect(imagesOf(MANIFESTS)).toEqual(['tools:1', 'rancher/rancher:v2.11.3'])
  expect(imagesOf('')).toEqual([])
})

test('a first release is rendered once, for the Kubernetes it will run on, and leaves no values behind', async () => {
  const rancher = await rancherWith(`cat <<'END'\n${MANIFESTS}\nEND`)
  const asked = wanted({ kubernetesVersion: undefined })
  for (const _look of [1, 2])
    expect(await rancher.imagesAhead(bare(), asked, signal)).toEqual(['tools:1', 'rancher/rancher:v2.11.3'])
  expect(await calls()).toEqual([
    expect.stringMatching(/^template rancher .*rancher-2\.11\.3\.tgz .*--kube-version v1\.\d+\.\d+$/),
  ])
  const values = await readFile(join(folder, 'given'), 'utf8')
  expect(values).toContain(`hostname: ${HOSTNAME}`)
  expect(values).toContain('rancherImage: mine/rancher')
  expect(await readFile(join(folder, 'mode'), 'utf8')).toBe('600\n')
  expect((await readdir(folder)).filter((name) => name.includes('values'))).toEqual([])
  expect(said).toEqual([])
})

test('a release that stands is not rendered', async () => {
  const rancher = await rancherWith('exit 0')
  expect(await rancher.imagesAhead(installed(), wanted(), signal)).toEqual([])
  expect(await calls()).toEqual([''])
})

test('a chart that cannot be rendered ahead is told, and stops nothing', async () => {
  const rancher = await rancherWith("echo 'Error: no cert-manager here' >&2; exit 1")
  expect(await rancher.imagesAhead(bare(), wanted(), signal)).toEqual([])
  expect(said).toEqual([expect.stringMatching(/images are not pulled ahead: .*no cert-manager here/)])
})

test('a run that was stopped is', async () => {
  const rancher = await rancherWith('exit 0')
  const stop = AbortSignal.abort(new StackError('timeout', 'enough'))
  await expect(rancher.imagesAhead(bare(), wanted(), stop)).rejects.toThrow('enough')
})
