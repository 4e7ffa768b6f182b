import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { applyChange } from '../../../../src/kubernetes/rke/apply.ts'
import { accountsOf, planeImages, renderPull } from '../../../../src/kubernetes/rke/pull-images.ts'
import { fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { nodeOf, wantedOf } from './world.ts'

const STATE_WITH_IMAGES = JSON.stringify({
  desiredState: {
    certificatesBundle: { 'kube-ca': { certificatePEM: 'x', keyPEM: '' } },
    rkeConfig: {
      systemImages: {
        kubernetes: 'k:1',
        etcd: 'e:1',
        alpine: 't:1',
        nginxProxy: 't:1',
        podInfraContainer: 'p:1',
        calicoNode: 'c:1',
      },
    },
  },
})

test('what every node runs, each once, and no addon', () => {
  expect(planeImages(STATE_WITH_IMAGES)).toEqual(['k:1', 'e:1', 't:1', 'p:1'])
})

test('accounts are those that have a password', () => {
  const config = {
    private_registries: [
      { url: 'r.test', user: 'u', password: 'p' },
      { url: 'open.test', is_default: true },
    ],
  }
  expect(accountsOf(wantedOf(3, { config }))).toEqual([{ url: 'r.test', user: 'u', password: 'p' }])
})

test('the script pulls what is not there, tells what failed, and shows no password to anyone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pull-'))
  const password = "it's $(hush)"
  // Stands for docker: has k:1, can pull e:1, and writes down how it was called.
  const docker = `#!/bin/sh
echo "$*" >>${folder}/calls
case "$*" in
  *login*) cat >${folder}/password ;;
  *inspect*k:1*|*pull*e:1*) exit 0 ;;
  *) exit 1 ;;
esac`
  await writeFile(join(folder, 'docker'), docker)
  await chmod(join(folder, 'docker'), 0o700)
  const running = promisify(execFile)('sh', ['-s'], { env: { PATH: `${folder}:/usr/bin:/bin` } })
  running.child.stdin?.end(renderPull(['k:1', 'e:1', 'absent:7'], [{ url: 'r.test', user: 'u', password }], 'end-1'))
  const { stdout } = await running
  expect(stdout.trim()).toBe('failed absent:7')
  expect(await readFile(join(folder, 'password'), 'utf8')).toBe(`${password}\n`)
  const calls = await readFile(join(folder, 'calls'), 'utf8')
  expect(calls).not.toContain('hush')
  expect(calls).not.toMatch(/pull.*k:1/)
  await rm(folder, { recursive: true })
})

test('what runs on Kubernetes is pulled onto its node; what cannot be is told, and stops nothing', async () => {
  const said: string[] = []
  const [node, other] = [fakeHost(nodeOf(1)).answers('pull-images', 'failed mine/rancher:2\n'), fakeHost(nodeOf(2))]
  const work = {
    tools: { log: (line: string) => said.push(line) },
    hosts: fakeHosts([node, other]),
    wanted: wantedOf(),
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof applyChange>[1]
  const images = ['mine/rancher:2', 'mine/tools:1']
  await applyChange({ room: 'kubernetes', kind: 'pull-workload-images', node: 'node-1', images }, work)
  const scripts = node.received.flatMap((one) => ('input' in one ? [one.input ?? ''] : []))
  expect(scripts).toHaveLength(1)
  for (const image of images) expect(scripts[0]).toContain(`pull --quiet '${image}'`)
  expect(other.received).toEqual([])
  expect(said).toEqual(['warning: node-1 could not pull mine/rancher:2 ahead'])
})
