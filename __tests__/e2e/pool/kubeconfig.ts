import { readFile, stat } from 'node:fs/promises'
import { expect } from '@jest/globals'
import { runAction } from '../../runner/runner.ts'
import { attempt, output } from '../eye/command.ts'
import { labEnvironment, tool } from '../eye/lab.ts'
import { login } from '../eye/rancher.ts'
import { curl } from '../eye/web.ts'
import { expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import type { Stack } from '../stack.ts'
import type { Case } from './case.ts'

type Kubeconfig = { clusters: [{ cluster: { server: string } }]; users: [{ user: { token: string } }] }

export const kubeconfig: Case[] = [
  {
    name: 'a later step reaches the cluster by the kubeconfig, and nobody does once the job has ended',
    from: 'healthy',
    deadlineMs: minutes(6),
    async run(stack) {
      const { uid } = await expectHealthy(stack)
      const token = await login(stack.view, stack.password)
      await using run = await runAction(stack.installInputs({ 'rancher-token': token }), {
        label: 'kubeconfig',
        env: labEnvironment(),
      })
      expect({ exitCode: run.exitCode, changed: run.outputs['changed'] }).toEqual({ exitCode: 0, changed: 'false' })
      const file = run.outputs['kubeconfig'] ?? ''
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const made = JSON.parse(await readFile(file, 'utf8')) as Kubeconfig
      expect(made.clusters[0].cluster.server).toBe(`https://${stack.hostname}/k8s/clusters/local`)
      expect(run.masks).toContain(made.users[0].user.token)

      const ask = ['--kubeconfig', file, 'get', 'namespace', 'kube-system', '--output', 'jsonpath={.metadata.uid}']
      expect(await output(tool('kubectl'), ask)).toBe(uid)

      const post = await run.post()
      expect(post.exitCode).toBe(0)
      expect((await attempt('test', ['-e', file])).exitCode).toBe(1)
      expect(await statusBy(stack, made.users[0].user.token)).toBe(401)
      expect(await statusBy(stack, token)).toBe(200)
    },
  },
]

async function statusBy(stack: Stack, token: string): Promise<number> {
  const header = ['--header', `authorization: Bearer ${token}`]
  return (await curl(stack.view, '/k8s/clusters/local/version', ...header)).status
}
