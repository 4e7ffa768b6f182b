import { expect, test } from '@jest/globals'
import { archOf, locateRelease, resolveVersion } from '../../../src/tools/release.ts'

test('a tool is looked for where it is released, or at the same place below a mirror', () => {
  const rke = { name: 'rke', version: 'v1.8.5', arch: 'amd64' } as const
  const helm = { name: 'helm', version: 'v3.18.6', arch: 'arm64' } as const
  expect(
    [locateRelease(rke, undefined), locateRelease(helm, undefined)].map(({ url, checksumUrl }) => [url, checksumUrl]),
  ).toEqual([
    [
      'https://github.com/rancher/rke/releases/download/v1.8.5/rke_linux-amd64',
      'https://github.com/rancher/rke/releases/download/v1.8.5/sha256sum.txt',
    ],
    [
      'https://get.helm.sh/helm-v3.18.6-linux-arm64.tar.gz',
      'https://get.helm.sh/helm-v3.18.6-linux-arm64.tar.gz.sha256sum',
    ],
  ])
  expect(locateRelease(rke, 'http://mirror/x/').url).toBe('http://mirror/x/rke/v1.8.5/rke_linux-amd64')
  expect(locateRelease(helm, 'http://mirror/x').url).toBe('http://mirror/x/helm/helm-v3.18.6-linux-arm64.tar.gz')
})

test('etcd is looked for by its version, with one list of digests for all its files', () => {
  const etcd = { name: 'etcd', version: 'v3.5.21', arch: 'arm64' } as const
  expect(locateRelease(etcd, undefined)).toEqual({
    file: 'etcd-v3.5.21-linux-arm64.tar.gz',
    url: 'https://github.com/etcd-io/etcd/releases/download/v3.5.21/etcd-v3.5.21-linux-arm64.tar.gz',
    checksumUrl: 'https://github.com/etcd-io/etcd/releases/download/v3.5.21/SHA256SUMS',
    sha256: undefined,
    member: 'etcd-v3.5.21-linux-arm64/etcd',
  })
  expect(locateRelease(etcd, 'http://mirror/').checksumUrl).toBe('http://mirror/etcd/v3.5.21/SHA256SUMS')
})

test('only the tested helm has its digest in the source', () => {
  expect(locateRelease({ name: 'helm', version: 'v3.18.6', arch: 'amd64' }, undefined).sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(locateRelease({ name: 'helm', version: 'v3.18.5', arch: 'amd64' }, undefined).sha256).toBeUndefined()
})

test.each([
  [undefined, 'v1.8.5'],
  ['latest-patch', 'v1.8.5'],
  ['1.7.2', 'v1.7.2'],
  ['v1.7.2', 'v1.7.2'],
])('version %s is %s', (asked, version) => {
  expect(resolveVersion('rke', asked)).toBe(version)
})

test('architectures are named as releases name them', () => {
  expect([archOf('x64'), archOf('arm64'), archOf('s390x')]).toEqual(['amd64', 'arm64', undefined])
})
