import { expect, test } from '@jest/globals'
import { filesWithSecrets } from '../runner/masks.ts'
import { runAction } from '../runner/runner.ts'
import { certificate, installInputs, key } from './inputs.ts'

test('every secret input is masked though another input is bad, and none is left on the disk', async () => {
  const secrets = {
    'ssh-private-key': key(),
    'bootstrap-password': 'correct-horse-battery',
    'rancher-token': 'token-abcde:0123456789',
    'tls-private-key': certificate('rancher.example.org').privateKey,
    'registry-credentials': 'registry.example.org user pa55-of-registry',
  }
  await using run = await runAction(installInputs({ ...secrets, hostname: '' }))
  expect(run.exitCode).toBe(1)
  const masks = run.masks.join('\n')
  for (const value of Object.values(secrets)) expect(masks).toContain(value.trim().split(/\s+/).at(-1))
  expect(await filesWithSecrets(run.disk.temp, run.masks)).toEqual([])
})
