// Adds up jest's JSON results below a folder and ends with one line, "N passed, N failed".
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A part of the run that is no jest test ("check") leaves a file of the same shape. */
type Results = { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites?: number }

const folder = process.argv[2] ?? '.out/results'
const results = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => ({ name: name.replace(/\.json$/, ''), ...counted(join(folder, name)) }))
for (const { name, passed, failed } of results) console.log(`${name}: ${passed} passed, ${failed} failed`)
const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0 || passed === 0) process.exitCode = 1

/** A suite that could not even be loaded counts as one failure. */
function counted(file: string): { passed: number; failed: number } {
  const {
    numPassedTests,
    numFailedTests,
    numRuntimeErrorTestSuites = 0,
  } = JSON.parse(readFileSync(file, 'utf8')) as Results
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites }
}
