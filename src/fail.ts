import { tellCommand, tellFile, tellSummary } from './commands.ts'
import { asStackError } from './errors.ts'
import { formatFailure } from './report/format.ts'
import { emptySummary, renderSummary } from './report/summary.ts'

/** Ends a run that failed before there was a report: annotation, `error-kind`, summary, exit code. */
export function tellFailure(thrown: unknown): void {
  const error = asStackError(thrown)
  tellFile('GITHUB_OUTPUT', 'error-kind', error.kind)
  tellSummary(renderSummary({ ...emptySummary(), error }))
  tellCommand('error', formatFailure(error).join('\n'))
  process.exitCode = 1
}
