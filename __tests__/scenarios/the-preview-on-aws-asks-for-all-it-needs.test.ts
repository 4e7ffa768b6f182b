import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { repositoryFolder } from '../runner/action-file.ts'
import { makeDisk } from '../runner/disk.ts'
import { runAction } from '../runner/runner.ts'
import { certificate, key } from './inputs.ts'

const tls = certificate('*.preview.example.org')

/** What examples/README.md asks the owner of the repository to set, for previews on aws. */
const VALUES: Record<string, string> = {
  'github.event.pull_request.number': '7',
  'vars.PREVIEW_PROVIDER': 'aws',
  'vars.PREVIEW_DOMAIN': 'preview.example.org',
  'vars.PREVIEW_CERTIFICATE': tls.certificate,
  'vars.PREVIEW_AWS_REGION': 'eu-central-1',
  'vars.PREVIEW_AWS_HOSTED_ZONE': 'example.org',
  'vars.PREVIEW_SCHEME': 'internet-facing',
  'vars.PREVIEW_ALLOWED_CIDRS': '192.0.2.0/24',
  'secrets.PREVIEW_SSH_KEY': key(),
  'secrets.PREVIEW_PASSWORD': 'a-password-of-sixteen',
  'secrets.PREVIEW_CERTIFICATE_KEY': tls.privateKey,
}

type Workflow = { jobs: Record<string, { steps: { uses: string; with?: Record<string, unknown> }[] }> }

const { jobs } = parse(readFileSync(join(repositoryFolder, 'examples', 'preview.yml'), 'utf8')) as Workflow
const steps = Object.entries(jobs).flatMap(([job, { steps }]) =>
  steps.flatMap(({ uses, with: given }) => (uses === './' ? [[job, given ?? {}] as const] : [])),
)

test('there is a step for each of its three jobs', () => {
  expect(steps.map(([job]) => job)).toEqual(['make', 'remove', 'sweep'])
})

test.each(steps)('job %s gets as far as the API of AWS', async (job, given) => {
  await using disk = await makeDisk()
  const inputs = Object.entries(given).map(([name, value]) => [name, filled(String(value))] as const)
  const untold = { comment: 'false', environment: '' }
  const run = await runAction(
    { ...Object.fromEntries(inputs), ...untold },
    {
      disk,
      label: `preview-${job}`,
      env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' },
    },
  )
  expect({ kind: run.outputs['error-kind'], told: run.errors.join('\n') }).toEqual({
    kind: 'cloud',
    told: expect.stringContaining('aws-region'),
  })
})

/** What is not set is empty, as on GitHub. */
function filled(text: string): string {
  return text.replace(/\$\{\{ ([^}]+) \}\}/g, (_, expression: string) => VALUES[expression] ?? '')
}
