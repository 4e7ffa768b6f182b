import { expect, test } from '@jest/globals'
import { runAction } from '../runner/runner.ts'
import { installInputs } from './inputs.ts'

test('the error is told once: by main, not again by post', async () => {
  await using run = await runAction(installInputs({ hostname: '' }))
  const post = await run.post()
  expect({ exitCode: post.exitCode, errors: post.errors, leftovers: post.leftovers }).toEqual({
    exitCode: 0,
    errors: [],
    leftovers: [],
  })
})
