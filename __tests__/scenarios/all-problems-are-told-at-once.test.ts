import { expect, test } from '@jest/globals'
import { installInputs } from './inputs.ts'
import { refusal } from './refuse.ts'

test('one run tells every bad input', async () => {
  const bad = { hostname: 'a b', 'node-count': '4', 'helm-values': 'a: [', timeout: 'soon', 'rancher-version': 'x' }
  const { error } = await refusal(installInputs(bad))
  for (const name of Object.keys(bad)) expect(error).toMatch(new RegExp(`^${name}: `, 'm'))
})
