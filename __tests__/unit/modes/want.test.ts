import { expect, test } from '@jest/globals'
import { want } from '../../../src/modes/want.ts'
import type { CertManagerFacts } from '../../../src/rancher/facts.ts'

type Arguments = Parameters<typeof want>
const IMAGES = (['rke', 'rancher', 'cert-manager'] as const).map((use) => ({
  file: `/bundle/${use}.tar`,
  sha256: 'x',
  names: [`${use}:1`],
  for: use,
}))

/** What is asked of a bundle's images, for a source of the certificate and a cert-manager that stands or not. */
async function imagesOf(source: string, certManager: Partial<CertManagerFacts>, release?: object) {
  const { images } = await clusterOf(source, certManager, release)
  return images.map(({ names, awaited }) => [names[0], awaited])
}

async function clusterOf(
  source: string,
  certManager: Partial<CertManagerFacts> = {},
  release?: object,
  bundled: object[] = IMAGES,
) {
  const settings = {
    stack: { name: 'rancher' },
    hostname: 'rancher.test',
    nodeCount: 3,
    registryCredentials: [],
    rancher: { tls: { source } },
    tools: {},
  }
  const rancher = { want: async () => ({}), imagesAhead: async () => ['rancher/rancher:v2'] }
  const stack = { tools: { images: async () => bundled }, rancher }
  const seen = {
    infrastructure: { nodes: [], memory: {}, loadBalancer: undefined },
    cluster: {},
    rancher: { release, certManager: { release: undefined, kinds: false, ready: undefined, ...certManager } },
  }
  const { cluster } = await want(
    { settings, signal: AbortSignal.timeout(1_000) } as unknown as Arguments[0],
    stack as unknown as Arguments[1],
    seen as unknown as Arguments[2],
  )
  return cluster
}

const PLAIN = [
  ['rke:1', false],
  ['rancher:1', false],
]

test.each<[string, string, Partial<CertManagerFacts>, unknown[]]>([
  ['a certificate that is given needs no cert-manager', 'secret', {}, PLAIN],
  ['a cert-manager that is missing is waited for', 'rancher', {}, [...PLAIN, ['cert-manager:1', true]]],
  ['one that somebody else runs is not', 'letsEncrypt', { kinds: true }, [...PLAIN, ['cert-manager:1', false]]],
])('%s', async (_name, source, certManager, images) => {
  expect(await imagesOf(source, certManager, {})).toEqual(images)
})

test('a Rancher that is not installed yet is waited for', async () => {
  expect(await imagesOf('secret', {})).toEqual([
    ['rke:1', false],
    ['rancher:1', true],
  ])
})

test('what a bundle does not hold is pulled ahead, and nothing beside a bundle', async () => {
  expect((await clusterOf('secret', {}, undefined, [])).pulls).toEqual(['rancher/rancher:v2'])
  expect((await clusterOf('secret')).pulls).toEqual([])
})
