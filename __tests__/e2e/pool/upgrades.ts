import { expect } from '@jest/globals'
import { endCertificates } from '../../../lab/faults/certificates.ts'
import { refuseKubelet } from '../../../lab/faults/kubelet.ts'
import { SERVED_HELM, serveReleases } from '../../../lab/releases-server.ts'
import { OLDER_INPUTS } from '../../../lab/settings.ts'
import { kubernetesImage, OLDER, VERSIONS } from '../../../lab/versions.ts'
import { defaultRepository } from '../../runner/environment.ts'
import { loadOlder } from '../base.ts'
import { docker } from '../eye/docker.ts'
import { clusterUid, openKubectl } from '../eye/kubernetes.ts'
import { machine, machines, on } from '../eye/machines.ts'
import { readMarker, writeMarker } from '../eye/rancher.ts'
import { traces } from '../eye/traces.ts'
import { rancherVersion } from '../eye/versions.ts'
import { expectAllYes, expectHealthy, expectNothingDone, type Seen, untilHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Mend, moveName, presentAnother } from '../outside.ts'
import { failsWith, type Stack, succeeds } from '../stack.ts'
import { currentInputs, expectCurrent, expectOlder, expectVersions, told } from '../upgraded.ts'
import { openVault } from '../vault.ts'
import { when } from '../when.ts'
import type { Case } from './case.ts'

const NEWEST = '2.11.4'
const MARKER = 'before the upgrade'

/** A stack with a marker, yet to be upgraded. */
async function olderWithMarker(stack: Stack): Promise<Seen> {
  await loadOlder()
  await writeMarker(stack.view, stack.password, MARKER)
  return await expectHealthy(stack)
}

/** Upgraded, proven, and the same cluster with the same data. */
async function expectUpgraded(stack: Stack, before: Seen, run: ReturnType<typeof succeeds>): Promise<void> {
  expectAllYes(await run)
  await expectCurrent(stack)
  const { uid, ca } = await expectHealthy(stack)
  expect({ uid, ca }).toEqual({ uid: before.uid, ca: before.ca })
  expect(await readMarker(stack.view, stack.password)).toBe(MARKER)
}

/** Kubernetes alone, which is the longer half. */
function kubernetesInputs(stack: Stack): Record<string, string> {
  const { 'rancher-version': _stays, ...inputs } = currentInputs(stack)
  return inputs
}

const onNode = (stack: Stack, name: string) => ({
  stack: { name: stack.name, owner: defaultRepository.id },
  machine: name,
})

/** The first node has its new kubelet: the second one is next. */
const SECOND_IS_NEXT = new RegExp(`node-1: kubelet ${VERSIONS.kubernetes.replaceAll('.', '\\.')}`)

export const upgrades: Case[] = [
  {
    name: 'upgrade along three steps, Rancher by way of the last patch of its minor, then Kubernetes',
    from: 'bare',
    deadlineMs: minutes(40),
    async run(stack) {
      await succeeds(stack.install({ ...OLDER_INPUTS, 'rancher-version': '2.10.2' }))
      await writeMarker(stack.view, stack.password, MARKER)
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      const upgraded = await succeeds(vault.upgrade(currentInputs(stack)))
      const legs = upgraded.plan.map(({ id }) => id).filter((id) => id.startsWith('upgrade-'))
      expect(legs).toEqual([
        'upgrade-rancher-2.10.3',
        `upgrade-rancher-${VERSIONS.rancher}`,
        `upgrade-kubernetes-${VERSIONS.rkeKubernetes}`,
      ])
      await expectUpgraded(stack, before, Promise.resolve(upgraded))
    },
  },
  {
    name: 'upgrade to the latest patch of a chart repository, without a bundle: pre-releases are none',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await using releases = await serveReleases()
      const { charts, tools } = releases
      const run = await succeeds(
        vault.upgrade({
          ...{ 'rancher-version': 'latest-patch', 'rancher-chart': charts, 'tool-mirror': tools },
          ...{ 'airgap-bundle': '', 'backup-verify': 'hash', 'helm-version': SERVED_HELM },
        }),
      )
      expectAllYes(run)
      expect(await rancherVersion(stack.view)).toBe(`v${NEWEST}`)
      expect(await expectHealthy(stack)).toEqual(before)
      expect(releases.asked).toContain('/charts/index.yaml')
      expect(releases.asked).toContain(`/charts/rancher-${NEWEST}.tgz`)
    },
  },
  {
    name: 'upgrade of settings alone: rke-config changes, no version does, and no pod of Rancher is touched',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      const pods = () => podsOf(stack)
      const running = await pods()
      const { 'rke-config': config = '' } = currentInputs(stack)
      const changed = config.replace('image-gc-high-threshold: "100"', '$&\n      max-pods: "77"')
      expect(changed).not.toBe(config)
      expectAllYes(await succeeds(vault.upgrade({ 'rke-config': changed })))
      for (const node of await machines(stack.name)) {
        expect(await on(node, "docker inspect kubelet --format '{{.Args}}'")).toContain('--max-pods=77')
      }
      expect(await expectHealthy(stack)).toEqual(before)
      expect(await pods()).toEqual(running)
      const install = await succeeds(stack.install({ 'rke-config': changed }))
      expectNothingDone(install)
    },
  },
  {
    name: 'upgrade with a kubelet that will not start on the second node: the former Kubernetes is back, and the next run gets through',
    from: 'bare',
    deadlineMs: minutes(45),
    async run(stack) {
      const before = await olderWithMarker(stack)
      await using vault = await openVault(stack)
      {
        await using _fault = await refuseKubelet(onNode(stack, 'node-2'), '1.32')
        const run = await failsWith('kubernetes', vault.upgrade(kubernetesInputs(stack)))
        expect(told(run)).toMatch(/rung 1/)
        expect(told(run)).toMatch(/node-2/)
        await expectOlder(stack)
        expectAllYes(await succeeds(stack.status()))
        expect(await expectHealthy(stack)).toEqual(before)
        expect(await readMarker(stack.view, stack.password)).toBe(MARKER)
      }
      await expectUpgraded(stack, before, succeeds(vault.upgrade(currentInputs(stack))))
    },
  },
  {
    name: 'upgrade with an image that vanishes from the second node: brought there again, all yes in one run',
    from: 'bare',
    deadlineMs: minutes(40),
    async run(stack) {
      const before = await olderWithMarker(stack)
      await using vault = await openVault(stack)
      const second = await machine(stack.name, 'node-2')
      const meanwhile = when(SECOND_IS_NEXT, () => on(second, `docker rmi -f ${kubernetesImage(VERSIONS.kubernetes)}`))
      const run = vault.upgrade(currentInputs(stack), meanwhile)
      await expectUpgraded(stack, before, succeeds(run))
      await meanwhile.happened()
    },
  },
  {
    name: 'upgrade: a node dies in the middle: nothing is put back, and the next run ends all yes',
    from: 'bare',
    deadlineMs: minutes(45),
    async run(stack) {
      const before = await olderWithMarker(stack)
      await using vault = await openVault(stack)
      const { container } = await machine(stack.name, 'node-2')
      const meanwhile = when(SECOND_IS_NEXT, () => docker('kill', container))
      const first = await vault.upgrade(currentInputs(stack), { ...meanwhile, runId: '1001' })
      await meanwhile.happened()
      expect(first.exitCode).toBe(1)
      expect(told(first)).toMatch(/rung 0/)
      const next = vault.upgrade({ ...currentInputs(stack), 'wait-for-lease': '5m' }, { runId: '1002' })
      await expectUpgraded(stack, before, succeeds(next))
    },
  },
  {
    name: 'upgrade: the name resolves elsewhere meanwhile: nothing is put back, and the next run goes on',
    from: 'healthy',
    deadlineMs: minutes(20),
    run: (stack) => outside(stack, 'name-resolves', moveName),
  },
  {
    name: 'upgrade: a node presents another certificate meanwhile: nothing is put back, and the next run goes on',
    from: 'healthy',
    deadlineMs: minutes(20),
    run: (stack) => outside(stack, 'tls-at-ingress', presentAnother),
  },
  {
    name: 'certificates that end in a week: status says so, upgrade makes them anew, and the old kubeconfig works',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      for (const node of await machines(stack.name)) {
        await endCertificates(onNode(stack, node.hostname), 7)
        await untilHealthy(stack, minutes(4))
      }
      const before = await expectHealthy(stack)
      const former = await openKubectl(stack.name)
      const status = await succeeds(stack.status())
      expect(status.warnings.join('\n')).toMatch(/kube-\S+ on node-\d ends on .* \(in 6 days\)/)

      await using vault = await openVault(stack)
      const run = await succeeds(vault.upgrade())
      expectAllYes(run)
      expect(run.plan.map(({ id }) => id)).toContain('rotate-certificates')
      for (const node of await machines(stack.name)) expect(await endOf(stack, node.hostname)).toBeGreaterThan(300)
      expect(await clusterUid(former)).toBe(before.uid)
      expect(await expectHealthy(stack)).toEqual(before)
      expect((await succeeds(stack.status())).warnings.join('\n')).not.toMatch(/ends on/)
      const again = await succeeds(vault.upgrade())
      expectNothingDone(again)
    },
  },
  {
    name: 'upgrade refused: no way back by upgrade, no version that is not offered, no plan that was not reviewed',
    from: 'healthy',
    deadlineMs: minutes(10),
    async run(stack) {
      await using vault = await openVault(stack)
      const before = await expectHealthy(stack)
      const untouched = await traces(stack.name)
      const refused: [Record<string, string>, RegExp][] = [
        [{ 'rancher-version': OLDER.rancher }, /upgrade never goes back.*mode restore/s],
        [{ 'kubernetes-version': 'v1.31.10' }, /upgrade never goes back.*mode restore/s],
        [{ 'rancher-version': '2.11.9' }, /2\.11\.9 is not to be had.*2\.11\.4 at most/s],
        [{ 'rancher-version': '2.12.3' }, /2\.12/],
        [{ 'kubernetes-version': 'v1.33.1' }, /1\.33\.1/],
        [{ 'node-count': '5' }, /upgrade does not change how many/],
        [{ hostname: 'other.rancher.test' }, /hostname: .*other\.rancher\.test/],
        [{ 'rancher-version': NEWEST, 'expected-plan': '0'.repeat(64) }, /expected-plan/],
      ]
      for (const [inputs, message] of refused) {
        const run = await vault.upgrade(inputs)
        expect({ inputs, exitCode: run.exitCode, told: run.errors.join(' ') }).toEqual({
          inputs,
          exitCode: 1,
          told: expect.stringMatching(message),
        })
      }
      expect(await traces(stack.name)).toEqual(untouched)
      expect(await expectHealthy(stack)).toEqual(before)
      expect(await vault.files()).toEqual([])
    },
  },
]

/** Every pod of Rancher, by name and the moment it was made. */
async function podsOf(stack: Stack): Promise<string[]> {
  const kubectl = await openKubectl(stack.name)
  const each = 'jsonpath={range .items[*]}{.metadata.uid} {.status.startTime}{"\\n"}{end}'
  return (await kubectl('-n', 'cattle-system', 'get', 'pods', '-l', 'app=rancher', '-o', each)).split('\n').sort()
}

/** In how many days the certificate ends that a node's API server presents. */
async function endOf(stack: Stack, name: string): Promise<number> {
  const node = await machine(stack.name, name)
  const ask = `openssl s_client -connect ${node.address}:6443 </dev/null 2>/dev/null | openssl x509 -noout -enddate`
  const end = (await on(node, ask)).replace('notAfter=', '')
  return (Date.parse(end) - Date.now()) / 86_400_000
}

/** Something outside of the cluster breaks while Rancher is upgraded; the upgrade itself is fine. */
async function outside(stack: Stack, sentence: string, hurt: (stack: Stack) => Promise<Mend>) {
  const before = await expectHealthy(stack)
  await writeMarker(stack.view, stack.password, MARKER)
  await using vault = await openVault(stack)
  let mend: Mend = async () => undefined
  const meanwhile = when(/\] Upgrade Rancher/, async () => {
    mend = await hurt(stack)
  })
  const run = await vault.upgrade({ 'rancher-version': NEWEST }, { ...meanwhile, runId: '1001' })
  await meanwhile.happened()
  expect(run.exitCode).toBe(1)
  expect(told(run)).toMatch(/rung 0/)
  expect(told(run)).toContain(sentence)
  await mend()
  // Nothing was put back: the new release runs already.
  await expectVersions(stack, { kubernetes: VERSIONS.kubernetes, rancher: NEWEST })
  expectAllYes(await succeeds(vault.upgrade({ 'rancher-version': NEWEST }, { runId: '1002' })))
  expect(await expectHealthy(stack)).toEqual(before)
  expect(await readMarker(stack.view, stack.password)).toBe(MARKER)
}
