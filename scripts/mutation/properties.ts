// Stands in for fast-check where mutants are tried: the same examples for every mutant, no more of them than the tests
// need to meet what is rare, and none made smaller, for that a property fails is all that is asked.
import fc, { type IAsyncProperty, type IProperty, type Parameters } from 'fast-check'

const MOST_RUNS = 1000

function assert<T>(property: IProperty<T>, parameters?: Parameters<T>): void
function assert<T>(property: IAsyncProperty<T>, parameters?: Parameters<T>): Promise<void>
function assert<T>(property: IProperty<T> | IAsyncProperty<T>, parameters: Parameters<T> = {}): Promise<void> | void {
  const numRuns = Math.min(parameters.numRuns ?? 100, MOST_RUNS)
  return fc.assert(property, { seed: 1, ...parameters, numRuns, endOnFailure: true }) as Promise<void> | undefined
}

export default { ...fc, assert }
