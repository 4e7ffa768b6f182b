// What Stryker takes from here: how tests are run, and which texts are not worth a mutant.
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MutantCoverage } from '@stryker-mutator/api/core'
import type { Ignorer } from '@stryker-mutator/api/ignore'
import { PluginKind } from '@stryker-mutator/api/plugin'
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import { collect, type Outcome, runSuite } from './harness.ts'

/** What Stryker's mutants look at while they run. */
type Switches = {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: MutantCoverage
  hitCount?: number | undefined
  hitLimit?: number | undefined
}
type Suite = Awaited<ReturnType<typeof collect>>
type Loaded = Suite[]

/** What the address of a module ends in: what is loaded by it is loaded anew with it. */
const ROUND = /\?round=\d+$/
/** What tests import, and what they get here. */
const STANDINS = new Map([
  ['@jest/globals', new URL('./harness.ts', import.meta.url).href],
  ['fast-check', new URL('./properties.ts', import.meta.url).href],
])

/**
 * Runs the tests in one process that keeps them loaded: Stryker's mutants are switched on and off while the code runs.
 * Only a mutant of what runs while a module is loaded needs the modules loaded anew, under another address.
 */
class LoadedTests implements TestRunner {
  /** Not by Stryker's own testFiles: it takes their names for tests to choose when all are to be run. */
  readonly #files = (process.env['MUTATION_TESTS'] ?? '').split(',')
  readonly #stryker: Switches
  #round = 0
  #clean: Loaded | undefined

  constructor() {
    const global = globalThis as { __stryker__?: Switches }
    global.__stryker__ ??= {}
    this.#stryker = global.__stryker__
  }

  capabilities() {
    return { reloadEnvironment: true }
  }

  init(): Promise<void> {
    const here = pathToFileURL(`${process.cwd()}/`).href
    registerHooks({
      resolve: (specifier, context, next) => {
        const standin = STANDINS.get(specifier)
        if (standin !== undefined && context.parentURL !== standin) return { url: standin, shortCircuit: true }
        const found = next(specifier, context)
        const round = ROUND.exec(context.parentURL ?? '')?.[0]
        const isOurs = found.url.startsWith(here) && !found.url.includes('/node_modules/')
        return round !== undefined && isOurs ? { ...found, url: found.url + round } : found
      },
    })
    return Promise.resolve()
  }

  async dryRun(): Promise<DryRunResult> {
    this.#stryker.activeMutant = undefined
    const loaded = await this.#load()
    this.#clean = loaded
    const outcomes = await this.#run(loaded, () => true, false)
    const { mutantCoverage } = this.#stryker
    return {
      status: DryRunStatus.Complete,
      tests: outcomes.map(toResult),
      ...(mutantCoverage === undefined ? {} : { mutantCoverage }),
    }
  }

  /** A mutant is seen where a test fails that holds without it: what an earlier mutant left behind is not its doing. */
  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const result = await this.#tried(options)
    if (result.status !== MutantRunStatus.Killed || options.mutantActivation === 'static') return result
    if (await this.#holds(result.killedBy)) return result
    this.#clean = await this.#load()
    const again = await this.#tried(options)
    if (again.status === MutantRunStatus.Killed && !(await this.#holds(again.killedBy))) {
      throw new Error(`A test fails when it is run a second time: ${again.killedBy.join()}`)
    }
    return again
  }

  async #tried({
    activeMutant,
    testFilter,
    hitLimit,
    disableBail,
    mutantActivation,
  }: MutantRunOptions): Promise<MutantRunResult> {
    const stryker = this.#stryker
    if (mutantActivation === 'runtime') this.#clean ??= await this.#load()
    stryker.hitLimit = hitLimit
    stryker.hitCount = hitLimit === undefined ? undefined : 0
    stryker.activeMutant = activeMutant.id
    try {
      const wanted = testFilter && new Set(testFilter)
      const loaded = mutantActivation === 'static' ? undefined : this.#clean
      const outcomes = await this.#outcomes(loaded, (id) => wanted?.has(id) ?? true, !disableBail)
      if (outcomes.length === 0) throw new Error(`No test was run for mutant ${activeMutant.id}.`)
      const endless = determineHitLimitReached(stryker.hitCount, stryker.hitLimit)
      return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests: outcomes.map(toResult) }, disableBail)
    } finally {
      stryker.activeMutant = undefined
    }
  }

  async #holds(ids: string[]): Promise<boolean> {
    const outcomes = await this.#outcomes(this.#clean, (id) => ids.includes(id), true)
    return outcomes.every(({ failure }) => failure === undefined)
  }

  /** A file of tests that can no longer be loaded is a test that failed. */
  async #outcomes(loaded: Loaded | undefined, isWanted: (id: string) => boolean, bail: boolean): Promise<Outcome[]> {
    try {
      return await this.#run(loaded ?? this.#fresh(), isWanted, bail)
    } catch (error) {
      return [{ id: 'loading the tests', timeSpentMs: 0, failure: String(error) }]
    }
  }

  async #load(): Promise<Loaded> {
    const loaded: Loaded = []
    for await (const suite of this.#fresh()) loaded.push(suite)
    return loaded
  }

  /** Each file only when it is asked for: where the first one sees the mutant the others need not be loaded. */
  async *#fresh(): AsyncGenerator<Suite> {
    this.#round += 1
    const round = `?round=${this.#round}`
    for (const file of this.#files) yield await collect(file, () => import(pathToFileURL(resolve(file)).href + round))
  }

  async #run(loaded: Iterable<Suite> | AsyncIterable<Suite>, isWanted: (id: string) => boolean, bail: boolean) {
    const outcomes: Outcome[] = []
    const begins = (id: string | undefined) => {
      this.#stryker.currentTestId = id
    }
    for await (const suite of loaded) {
      await runSuite(suite, { isWanted, bail, begins }, outcomes)
      if (bail && outcomes.some(({ failure }) => failure !== undefined)) break
    }
    return outcomes
  }
}

function toResult({ id, timeSpentMs, failure }: Outcome): TestResult {
  const result = { id, name: id, timeSpentMs }
  return failure === undefined
    ? { ...result, status: TestStatus.Success }
    : { ...result, status: TestStatus.Failed, failureMessage: failure }
}

type Part = { type: string; value?: unknown; quasis?: { value: { raw: string } }[]; expressions?: Part[] }

/** Words with a space between them: what people read. Names, keys and ids have none. */
const PROSE = /[\p{L}\d][.,:;)"']* [("']*[\p{L}\d]/u
/** What is put into a text as it is; a condition within a text stays worth its mutants. */
const PLAIN = ['Identifier', 'MemberExpression']

const proseIgnorer: Ignorer = {
  shouldIgnore(path) {
    const { node } = path as unknown as { node: Part }
    return isProse(node) ? 'text of a message' : undefined
  },
}

function isProse({ type, value, quasis = [], expressions = [] }: Part): boolean {
  if (type === 'StringLiteral') return PROSE.test(String(value))
  if (type !== 'TemplateLiteral') return false
  const text = quasis.map((quasi) => quasi.value.raw).join('x')
  return PROSE.test(text) && expressions.every((one) => PLAIN.includes(one.type))
}

export const strykerPlugins = [
  { kind: PluginKind.TestRunner, name: 'loaded-tests', injectableClass: LoadedTests },
  { kind: PluginKind.Ignore, name: 'prose', value: proseIgnorer },
]
