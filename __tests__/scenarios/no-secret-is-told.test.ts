import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { startActionsServices } from '../../lab/standin/actions-services/server.ts'
import { startGitHub } from '../../lab/standin/github/server.ts'
import { SECRETS } from '../../src/inputs/schema.ts'
import { AVAILABLE_MODES } from '../../src/mode.ts'
import { readActionFile } from '../runner/action-file.ts'
import { watchCommandLines } from '../runner/command-lines.ts'
import { type Disk, makeDisk } from '../runner/disk.ts'
import { runAction } from '../runner/runner.ts'
import { certificate, installInputs, key } from './inputs.ts'

const MARK = 'mark-of-a-secret'
const tls = certificate('rancher.example.org')
const identity = await generateIdentity()

/** A value of the right form for each secret input, with what must be seen nowhere. */
const secrets: Record<string, { value: string; marks: string[] }> = {
  'ssh-private-key': pem(key()),
  'bootstrap-password': { value: `${MARK}-password`, marks: [`${MARK}-password`] },
  'rancher-token': { value: `token-abcde:${MARK}-token`, marks: [`${MARK}-token`] },
  'tls-private-key': pem(tls.privateKey),
  'registry-credentials': { value: `registry.example.org user ${MARK}-registry`, marks: [`${MARK}-registry`] },
  'rke-state': { value: JSON.stringify({ keyPEM: key() }), marks: [] },
  'backup-identity': { value: identity, marks: [identity.slice(-40)] },
  'github-token': { value: `${MARK}-github`, marks: [`${MARK}-github`] },
}

/** Inputs that are no secrets, and may hold some. */
const holders = {
  'helm-values': `extraEnv:\n  - name: PROXY_PASSWORD\n    value: x\nproxyPassword: ${MARK}-helm`,
  'rke-config': `cloud_provider:\n  awsCloudProvider:\n    secretKey: ${MARK}-rke`,
}

/** A key in PEM, whose mark is a line of its middle. */
function pem(value: string): { value: string; marks: string[] } {
  return { value, marks: [value.trim().split('\n').at(-2) ?? ''] }
}

test('every secret input of this version has its mark', () => {
  expect(Object.keys(secrets).toSorted()).toEqual([...SECRETS].toSorted())
})

const cases = AVAILABLE_MODES.flatMap((mode) => providersOf(mode).map((provider) => [mode, provider] as const))

/** Machines that were brought do not expire, and are not swept. */
function providersOf(mode: string): string[] {
  return mode === 'sweep' ? ['local', 'aws'] : ['hosts', 'local', 'aws']
}

test.each(cases)(
  'mode %s, provider %s: no mark in log, results, files, processes, GitHub or artifacts',
  async (mode, provider) => {
    await using disk = await makeDisk()
    await using services = await startActionsServices()
    await using github = await startGitHub({ artifacts: services.env['GITHUB_API_URL'] ?? '' })
    const permissions = { issues: 'write', 'pull-requests': 'write', deployments: 'write' } as const
    github.world.tokens.set(`${MARK}-github`, { login: 'bot', permissions })
    github.world.pulls.set(7, { state: 'open', headSha: 'a'.repeat(40) })
    await pullRequest(disk)
    const marks = [
      ...Object.values(secrets).flatMap((secret) => secret.marks),
      `${MARK}-helm`,
      `${MARK}-rke`,
      `${MARK}-aws`,
    ]
    await using processes = watchCommandLines(marks)

    const run = await runAction(inputsOf(mode, provider, await identityToRecipient(identity)), {
      disk,
      label: `secrets-${mode}-${provider}`,
      // Nobody listens there: the run gets as far as it can without any machine.
      env: {
        ...services.env,
        GITHUB_API_URL: github.url,
        DOCKER_HOST: 'tcp://127.0.0.1:9',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: `${MARK}-aws`,
        DEBUG: '*',
        RUNNER_DEBUG: '1',
      },
    })
    const post = await run.post()
    expect({ signal: run.signal, post: post.exitCode }).toEqual({ signal: null, post: 0 })
    const { comments, issues } = github.world
    const ended = { kind: run.outputs['error-kind'] ?? '', comments: comments.length, issues: issues.map(titleOf) }
    // It got past its inputs, and told of it.
    const pastItsInputs = {
      kind: expect.not.stringMatching('input'),
      comments: 1,
      issues: [`Mode ${mode} fails for Rancher "rancher"`],
    }
    expect(ended).toEqual(pastItsInputs)

    const logged = [...run.lines, ...post.lines].filter((line) => !line.startsWith('::add-mask::'))
    const told = {
      log: logged.join('\n'),
      outputs: JSON.stringify([run.outputs, run.env, run.path, post.outputs]),
      state: JSON.stringify([run.state, post.state]),
      summary: `${run.summary}${post.summary}`,
      github: JSON.stringify([github.world.comments, github.world.deployments, github.world.issues]),
      artifacts: JSON.stringify(services.requests),
      files: filesBelow(disk.root),
    }
    for (const [place, text] of Object.entries(told)) {
      expect({ place, seen: marks.filter((mark) => text.includes(mark)) }).toEqual({ place, seen: [] })
    }
    expect(processes.seen()).toEqual([])
  },
)

const titleOf = ({ title }: { title: string }) => title

function inputsOf(mode: string, provider: string, recipient: string): Record<string, string> {
  const declared = new Set(Object.keys(readActionFile().inputs))
  const [first, second, third] = [1, 2, 3].map((port) => `ubuntu@127.0.0.${port}:9`)
  const given = installInputs({
    ...Object.fromEntries(Object.entries(secrets).map(([name, { value }]) => [name, value])),
    ...holders,
    mode,
    provider,
    hosts: [first, second, third].join('\n'),
    'ssh-known-hosts': 'accept-new',
    'backup-to': 'artifact\ns3://bucket/snapshots',
    'backup-recipients': recipient,
    'max-snapshot-age': '26h',
    'tls-source': 'secret',
    'tls-certificate': tls.certificate,
    'tool-mirror': 'http://127.0.0.1:9',
    confirm: 'rancher.example.org',
    comment: 'true',
    environment: 'pr-7',
    'failure-issue': 'true',
    timeout: '2m',
  })
  return Object.fromEntries(Object.entries(given).filter(([name]) => declared.has(name)))
}

async function pullRequest(disk: Disk): Promise<void> {
  const repo = { full_name: 'acme/platform' }
  const pull_request = { number: 7, head: { sha: 'a'.repeat(40), repo }, base: { repo } }
  await writeFile(
    join(disk.temp, '_github_workflow', 'event.json'),
    JSON.stringify({ action: 'labeled', pull_request }),
  )
}

/** Everything on the runner's disk, whatever it is. */
function filesBelow(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n')
}
