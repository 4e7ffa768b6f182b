import { expect, test } from '@jest/globals'
import { makeDisk } from '../runner/disk.ts'
import { runAction } from '../runner/runner.ts'
import { watched } from '../runner/witness.ts'

export type Case = [title: string, inputs: Record<string, string>, ...told: (string | RegExp)[]]

/**
 * Macro, a line a case: the run fails with kind `input`, its error tells each of the texts,
 * and it touched nothing: no file, no process, no network.
 */
export function refuses(cases: Case[]): void {
  test.each(cases)('%s', async (_, inputs, ...told) => {
    const { error, kind } = await refusal(inputs)
    for (const text of told) expect(error).toMatch(text)
    expect(kind).toBe('input')
  })
}

/** Runs what must be refused and proves that nothing was touched. */
export async function refusal(inputs: Record<string, string>) {
  await using disk = await makeDisk()
  const { touched, ...options } = watched(disk)
  const run = await runAction(inputs, { ...options, label: 'refused' })
  expect({ exitCode: run.exitCode, touched: touched(), leftovers: run.leftovers }).toEqual({
    exitCode: 1,
    touched: [],
    leftovers: [],
  })
  expect(run.errors).toHaveLength(1)
  return { error: run.errors[0] ?? '', kind: run.outputs['error-kind'], run }
}
