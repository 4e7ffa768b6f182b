import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { runAction } from '../../runner/runner.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** An action of one file, made for one test. */
function action(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'action-'))
  folders.push(folder)
  writeFileSync(
    join(folder, 'action.yml'),
    `inputs:\n  mode: {}\n  two words: { default: both }\nruns: { using: node24, main: main.mjs, post: main.mjs }\n`,
  )
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { appendFileSync } from 'node:fs'\nconst env = process.env\n${script}`,
  )
  return folder
}

test('inputs arrive as the runner spells them, results come back from the files', async () => {
  await using run = await runAction(
    { mode: 'x' },
    {
      action: action(`
        console.log('::group::' + env.INPUT_MODE + env['INPUT_TWO_WORDS'] + process.version.slice(0, 3))
        appendFileSync(env.GITHUB_OUTPUT, 'a<<E\\n1\\n2\\nE\\nb=3\\n')
        appendFileSync(env.GITHUB_STATE, 'isPost=true\\n')
        console.log('::error title=a%3Ab::one%0Atwo')
        process.exitCode = 3`),
    },
  )
  expect(run.exitCode).toBe(3)
  expect(run.commands[0]).toMatchObject({ name: 'group', value: 'xbothv24' })
  expect(run.outputs).toEqual({ a: '1\n2', b: '3' })
  expect(run.state).toEqual({ isPost: 'true' })
  expect(run.errors).toEqual(['one\ntwo'])
  expect(run.commands[1]?.properties).toEqual({ title: 'a:b' })
  expect(run.peakRssBytes).toBeGreaterThanOrEqual(0)
})

test('post sees the state of main', async () => {
  await using run = await runAction(
    {},
    { action: action(`env.STATE_x ? console.log('post ' + env.STATE_x) : appendFileSync(env.GITHUB_STATE, 'x=7\\n')`) },
  )
  expect((await run.post()).lines).toEqual(['post 7'])
})

test('an input that is not declared is refused', async () => {
  await expect(runAction({ mod: 'x' }, { action: action('') })).rejects.toThrow('declares no input mod')
})

const leaks: [string, string][] = [
  ['before its mask', `console.log('key s3cret-value'); console.log('::add-mask::s3cret-value')`],
  ['as an output', `console.log('::add-mask::s3cret-value'); appendFileSync(env.GITHUB_OUTPUT, 'k=s3cret-value\\n')`],
  ['in the state', `console.log('::add-mask::s3cret-value'); appendFileSync(env.GITHUB_STATE, 'k=s3cret-value\\n')`],
  [
    'in the summary',
    `console.log('::add-mask::s3cret-value'); appendFileSync(env.GITHUB_STEP_SUMMARY, 's3cret-value')`,
  ],
  [
    'line by line',
    `console.log('::add-mask::first-line%0Asecond-line'); appendFileSync(env.GITHUB_OUTPUT, 'k=second-line\\n')`,
  ],
]

test.each(leaks)('a secret shown %s is an error that does not repeat it', async (_, script) => {
  const failure = await runAction({}, { action: action(script) }).catch((error: Error) => error.message)
  expect(failure).toContain('the run shows secrets')
  expect(failure).not.toMatch(/s3cret-value|second-line/)
})

test('a secret shown after its mask is hidden, not refused', async () => {
  const seen: string[] = []
  const script = `console.log('::add-mask::s3cret-value'); console.log('the s3cret-value')`
  await using run = await runAction({}, { action: action(script), onLine: (line) => seen.push(line) })
  expect(run.masks).toEqual(['s3cret-value'])
  expect(seen.at(-1)).toBe('the ***')
})

test('cancel is SIGINT first, and a process that ends by itself gets nothing more', async () => {
  const script = `
    process.on('SIGTERM', () => console.log('term'))
    process.on('SIGINT', () => { console.log('int'); process.exit(9) })
    console.log('ready'); setInterval(() => {}, 1000)`
  await using run = await runAction({}, { action: action(script), cancel: { onLine: /^ready$/ } })
  expect(run.lines).toEqual(['ready', 'int'])
  expect(run.exitCode).toBe(9)
})

test('what does not end is terminated after 7.5 s and killed with its children after 2.5 s more', async () => {
  const script = `
    const { spawn } = await import('node:child_process')
    spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref()
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => console.log(name))
    console.log('ready'); setInterval(() => {}, 1000)`
  await using run = await runAction({}, { action: action(script), cancel: { onLine: /^ready$/ } })
  expect(run.lines).toEqual(['ready', 'SIGINT', 'SIGTERM'])
  expect(run.signal).toBe('SIGKILL')
  expect(run.durationMs - (run.cancelledAtMs ?? 0)).toBeGreaterThan(9_900)
  expect(run.leftovers).toEqual([])
}, 20_000)

test('a child that outlives the step is counted', async () => {
  const script = `
    const { spawn } = await import('node:child_process')
    spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref()`
  await using run = await runAction({}, { action: action(script) })
  expect(run.leftovers.map((left) => left.command)).toEqual(['sleep 600'])
}, 10_000)

test('RUNNER_TEMP is lost before post when asked', async () => {
  const script = `
    const { existsSync, writeFileSync } = await import('node:fs')
    const file = env.RUNNER_TEMP + '/key'
    if (env.STATE_x) console.log(existsSync(file)); else writeFileSync(file, ''), appendFileSync(env.GITHUB_STATE, 'x=1\\n')`
  await using run = await runAction({}, { action: action(script), keepRunnerDisk: false })
  expect((await run.post()).lines).toEqual(['false'])
})
