// Stands in for @jest/globals where mutants are tried: tests are collected once and run again for every mutant, for
// jest would load all modules anew each time. Knows what the unit tests of the pure core use of jest, and no more.
import { format } from 'node:util'
import { expect } from 'expect'

type Body = () => unknown
type Hooks = Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Body[]>
type Suite = Hooks & { name: string; parent: Suite | undefined; tests: Test[]; suites: Suite[] }
export type Test = { id: string; run: Body; suite: Suite }

const EACH_OF_TABLE = /%[sdijfoOp]/g

let suite = newSuite('', undefined)
let ids = new Set<string>()

/** @returns the tests that `load` defines */
export async function collect(file: string, load: () => Promise<unknown>): Promise<Suite> {
  const root = newSuite(file, undefined)
  suite = root
  ids = new Set()
  await load()
  return root
}

function newSuite(name: string, parent: Suite | undefined): Suite {
  return { name, parent, tests: [], suites: [], beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }
}

export function describe(name: string, define: () => void): void {
  const inner = newSuite(name, suite)
  suite.suites.push(inner)
  suite = inner
  define()
  suite = inner.parent ?? suite
}

export function test(name: string, run: Body): void {
  const path = [...lineOf(suite).map((one) => one.name), name].join(' › ')
  let id = path
  for (let copy = 2; ids.has(id); copy += 1) id = `${path} (${copy})`
  ids.add(id)
  suite.tests.push({ id, run, suite })
}

test.each =
  (table: readonly unknown[]) =>
  (name: string, run: (...row: unknown[]) => unknown): void => {
    for (const entry of table) {
      const row: unknown[] = Array.isArray(entry) ? entry : [entry]
      const told = row.slice(0, name.match(EACH_OF_TABLE)?.length ?? 0)
      test(format(name, ...told), () => run(...row))
    }
  }

export const beforeAll = hook('beforeAll')
export const afterAll = hook('afterAll')
export const beforeEach = hook('beforeEach')
export const afterEach = hook('afterEach')

/** How long a test may take is Stryker's to say. */
export const jest = { setTimeout: (): void => undefined }
export { expect }

function hook(kind: keyof Hooks): (body: Body) => void {
  return (body) => {
    suite[kind].push(body)
  }
}

/** From the outermost. */
function lineOf(inner: Suite): Suite[] {
  return inner.parent === undefined ? [inner] : [...lineOf(inner.parent), inner]
}

export type Outcome = { id: string; timeSpentMs: number; failure: string | undefined }

type Run = { isWanted: (id: string) => boolean; bail: boolean; begins: (id: string | undefined) => void }

/** Runs the tests of a file, in order; those of a suite whose `beforeAll` fails fail with it. */
export async function runSuite(one: Suite, run: Run, outcomes: Outcome[] = []): Promise<Outcome[]> {
  const wanted = testsOf(one).filter(({ id }) => run.isWanted(id))
  if (wanted.length === 0) return outcomes
  const before = await failureOf(() => inTurn(one.beforeAll))
  if (before !== undefined) {
    outcomes.push(...wanted.map(({ id }) => ({ id, timeSpentMs: 0, failure: before })))
    return outcomes
  }
  for (const test of one.tests) {
    if (isOver(outcomes, run)) break
    if (run.isWanted(test.id)) outcomes.push(await runTest(test, run))
  }
  for (const inner of one.suites) {
    if (isOver(outcomes, run)) break
    await runSuite(inner, run, outcomes)
  }
  const after = await failureOf(() => inTurn(one.afterAll))
  const last = outcomes.at(-1)
  if (after !== undefined && last !== undefined) last.failure ??= after
  return outcomes
}

function isOver(outcomes: Outcome[], { bail }: Run): boolean {
  return bail && outcomes.some(({ failure }) => failure !== undefined)
}

function testsOf(one: Suite): Test[] {
  return [...one.tests, ...one.suites.flatMap(testsOf)]
}

async function runTest({ id, run: body, suite }: Test, run: Run): Promise<Outcome> {
  const line = lineOf(suite)
  run.begins(id)
  const began = performance.now()
  const failure =
    (await failureOf(async () => {
      for (const outer of line) await inTurn(outer.beforeEach)
      await body()
    })) ?? undefined
  const after = await failureOf(async () => {
    for (const outer of line.toReversed()) await inTurn(outer.afterEach)
  })
  run.begins(undefined)
  return { id, timeSpentMs: performance.now() - began, failure: failure ?? after }
}

async function inTurn(bodies: Body[]): Promise<void> {
  for (const body of bodies) await body()
}

async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
