import { expect } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { startActionsServices } from '../../../lab/standin/actions-services/server.ts'
import { type GitHub, startGitHub } from '../../../lab/standin/github/server.ts'
import { type ByAct, byAct, succeeds } from '../by-act.ts'
import { clear, machines } from '../eye/machines.ts'
import { readMarker, writeMarker } from '../eye/rancher.ts'
import { asHosts, type Ground, makeGround, nameGround } from '../ground.ts'
import { expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Stack, stackNamed } from '../stack.ts'
import type { Case } from './case.ts'

/** The examples as they stand in examples/, run by act with the lab as the world; concurrency, which act ignores, aside. */
export const examples: Case[] = [
  {
    name: 'example install.yml: the plan of the first job is what the second runs, and a second dispatch has nothing to do',
    from: 'bare',
    deadlineMs: minutes(30),
    async run(stack) {
      const ground = await makeGround(stack)
      await nameGround(stack, ground)
      const dispatch = () =>
        succeeds(
          byAct({
            workflow: { example: 'install.yml' },
            event: { name: 'workflow_dispatch' },
            inputs: { mode: 'install' },
            ...installSettings(stack, ground),
          }),
        )
      const first = await dispatch()
      expect(first).toMatch(/Plan: \d+ steps/)
      expect(first).toMatch(/\| pong/)
      await expectHealthy(stack)
      const second = await dispatch()
      expect(second).toContain('Plan: nothing to do')
      expect(second).not.toMatch(/\| pong/)
      expect(second).not.toContain(stack.password)
    },
  },
  {
    name: 'example backup.yml: a snapshot every night, a rehearsal that opens it, an issue for a failure that the next good one closes',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const ground = await asHosts(stack)
      await using services = await startActionsServices()
      await using github = await startGitHub({ artifacts: services.env['GITHUB_API_URL'] ?? '' })
      const settings = installSettings(stack, ground)
      const identity = await generateIdentity()
      const recipient = await identityToRecipient(identity)
      const night = (vars: Record<string, string> = {}, cron = '17 2 * * *') =>
        byAct({
          workflow: { example: 'backup.yml' },
          event: { name: 'schedule', payload: { schedule: cron } },
          vars: { ...settings.vars, RANCHER_BACKUP_TO: 'artifact', RANCHER_BACKUP_RECIPIENTS: recipient, ...vars },
          secrets: { ...settings.secrets, GITHUB_TOKEN: 'job-token', RANCHER_BACKUP_IDENTITY: identity },
          env: { ...services.env, GITHUB_API_URL: github.url },
        })
      await succeeds(night())
      expect(services.requests.map(({ operation }) => operation)).toContain('FinalizeArtifact')
      const rehearsal = await succeeds(night({}, '17 4 1 * *'))
      expect(rehearsal).not.toContain(identity)
      expect(github.world.issues).toEqual([])

      const broken = await night({ RANCHER_HOSTS: 'rancher@127.0.0.1:9' })
      expect(broken.exitCode).not.toBe(0)
      expect(github.world.issues.map(({ state }) => state)).toEqual(['open'])
      await succeeds(night())
      expect(github.world.issues.map(({ state }) => state)).toEqual(['closed'])
    },
  },
  {
    name: 'examples backup.yml and restore.yml: the artifact of a night, fetched by another workflow, restores the stack',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      const ground = await asHosts(stack)
      await using services = await startActionsServices()
      await using github = await startGitHub({ artifacts: services.env['GITHUB_API_URL'] ?? '' })
      const settings = installSettings(stack, ground)
      const identity = await generateIdentity()
      const recipient = await identityToRecipient(identity)
      const workflow = (example: string, event: ByAct['event'], inputs: Record<string, string> = {}) =>
        succeeds(
          byAct({
            workflow: { example },
            event,
            inputs,
            vars: { ...settings.vars, RANCHER_BACKUP_TO: 'artifact', RANCHER_BACKUP_RECIPIENTS: recipient },
            secrets: { ...settings.secrets, GITHUB_TOKEN: 'job-token', RANCHER_BACKUP_IDENTITY: identity },
            env: { ...services.env, GITHUB_API_URL: github.url },
          }),
        )
      const restore = (dryRun: boolean) =>
        workflow('restore.yml', { name: 'workflow_dispatch' }, { 'restore-from': 'latest', 'dry-run': String(dryRun) })
      await writeMarker(stack.view, stack.password, 'kept by the night')
      await workflow('backup.yml', { name: 'schedule', payload: { schedule: '17 2 * * *' } })
      await writeMarker(stack.view, stack.password, 'a mistake')

      expect(await restore(true)).toMatch(/Would be lost: /)
      expect(await readMarker(stack.view, stack.password)).toBe('a mistake')
      await restore(false)
      expect(await readMarker(stack.view, stack.password)).toBe('kept by the night')
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'example preview.yml: opened, pushed to, closed: one comment and one deployment from the first to the last',
    from: 'bare',
    deadlineMs: minutes(40),
    async run() {
      const preview = stackNamed('pr-7')
      await clear(preview.name, preview.hostname)
      await using github = await startGitHub()
      try {
        await pull(github, preview, 'opened', 'a')
        expect(state(github)).toEqual({ comments: ['✅ is ready'], deployments: ['success'] })
        await expectHealthy(preview)
        await pull(github, preview, 'synchronize', 'b')
        expect(state(github)).toEqual({ comments: ['✅ is ready'], deployments: ['inactive', 'success'] })
        await pull(github, preview, 'closed', 'b')
        expect(state(github)).toEqual({ comments: ['🧹 is gone'], deployments: ['inactive', 'inactive'] })
        expect(await machines(preview.name)).toEqual([])
        const log = await pull(github, preview, 'opened', 'b')
        expect(log).toContain('Pull request 7 was closed meanwhile')
        expect(await machines(preview.name)).toEqual([])
      } finally {
        await clear(preview.name, preview.hostname)
      }
    },
  },
]

/** What install.yml reads of variables and secrets, for machines of the lab. */
function installSettings(stack: Stack, { inputs }: Ground) {
  const lab = stack.installInputs()
  const of = (from: Record<string, string>, name: string) => from[name] ?? ''
  return {
    vars: {
      RANCHER_HOSTNAME: stack.hostname,
      RANCHER_HOSTS: of(inputs, 'hosts'),
      RANCHER_LOAD_BALANCER: of(inputs, 'load-balancer'),
      RANCHER_KNOWN_HOSTS: of(inputs, 'ssh-known-hosts'),
      RANCHER_CERTIFICATE: of(lab, 'tls-certificate'),
      RANCHER_CA: of(lab, 'tls-ca'),
      ...peculiar(lab),
    },
    secrets: {
      RANCHER_SSH_KEY: of(inputs, 'ssh-private-key'),
      RANCHER_PASSWORD: stack.password,
      RANCHER_CERTIFICATE_KEY: of(lab, 'tls-private-key'),
    },
  }
}

const peculiar = (lab: Record<string, string>) => ({
  RANCHER_CHART: lab['rancher-chart'] ?? '',
  RANCHER_HELM_VALUES: lab['helm-values'] ?? '',
  RANCHER_RKE_CONFIG: lab['rke-config'] ?? '',
  RANCHER_AIRGAP_BUNDLE: lab['airgap-bundle'] ?? '',
})

/** Something happens to pull request 7, whose head is then the commit cccc… of that letter. */
async function pull(github: GitHub, preview: Stack, action: string, letter: string): Promise<string> {
  const headSha = letter.repeat(40)
  if (action !== 'opened' || !github.world.pulls.has(7)) {
    github.world.pulls.set(7, { state: action === 'closed' ? 'closed' : 'open', headSha })
  }
  const repo = { full_name: 'acme/platform' }
  const pull_request = { number: 7, head: { sha: headSha, repo }, base: { repo } }
  const lab = preview.installInputs()
  return succeeds(
    byAct({
      workflow: { example: 'preview.yml' },
      event: { name: 'pull_request', payload: { action, number: 7, pull_request } },
      vars: {
        PREVIEW_PROVIDER: 'local',
        PREVIEW_DOMAIN: preview.hostname.slice('pr-7.'.length),
        PREVIEW_CERTIFICATE: lab['tls-certificate'] ?? '',
        PREVIEW_CA: lab['tls-ca'] ?? '',
        PREVIEW_LOCAL_IMAGE: lab['local-image'] ?? '',
        ...peculiar(lab),
      },
      secrets: {
        GITHUB_TOKEN: 'job-token',
        PREVIEW_PASSWORD: preview.password,
        PREVIEW_CERTIFICATE_KEY: lab['tls-private-key'] ?? '',
      },
      env: { GITHUB_API_URL: github.url },
    }),
  )
}

function state({ world }: GitHub) {
  return {
    comments: world.comments.map(({ body }) => /^### Rancher `pr-7` (.+)/.exec(body)?.[1]),
    deployments: world.deployments.map(({ statuses }) => statuses.at(-1)?.state),
  }
}
