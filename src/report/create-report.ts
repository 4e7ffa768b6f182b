import type { Clock } from '../clock.ts'
import { asStackError } from '../errors.ts'
import { formatEnd, formatFailure, formatPlan, formatRow, formatTitle, formatVerdict, planOutput } from './format.ts'
import { Groups } from './groups.ts'
import type { Report } from './report.ts'
import type { Runner } from './runner.ts'
import { emptySummary, renderSummary, type SummaryData } from './summary.ts'
import { createVeil } from './veil.ts'

/** A report that tells the runner (or a terminal), and keeps what the summary needs; `told` is that, its secrets hidden. */
export function createReport(runner: Runner, clock: Clock, veil = createVeil()): Report & { told(): SummaryData } {
  const startedAt = clock.now()
  const groups = new Groups(runner, clock)
  const data = emptySummary(startedAt)
  const output: Report['output'] = (name, value) => {
    data.outputs[name] = value
    runner.output(name, value)
  }
  return {
    output,
    step(title, work, place) {
      const heading = formatTitle(title, place)
      const startMs = clock.now() - startedAt
      return groups.run(heading, work, (thrown, tookMs) => {
        data.timeline.push({ heading, startMs, tookMs, ok: thrown === undefined })
        return formatEnd(heading, tookMs, thrown === undefined ? undefined : asStackError(thrown))
      })
    },
    line: (text) => groups.line(text),
    waitingFor: (text) => groups.waitingFor(text),
    plan(steps, digest) {
      data.plan = { steps, digest }
      output('plan', planOutput(steps))
      output('plan-digest', digest)
      for (const text of formatPlan(steps, digest)) groups.line(text)
    },
    conformance(rows) {
      data.rows = rows
      output(
        'conformance',
        JSON.stringify(rows.map(({ id, sentence, ok, evidence }) => ({ id, sentence, ok, evidence }))),
      )
      for (const row of rows) groups.line(formatRow(row))
      groups.line(formatVerdict(rows))
    },
    tools(origins) {
      data.tools = origins
      for (const origin of origins) groups.line(origin)
    },
    table(table) {
      data.tables.push(table)
    },
    warning: (text) => runner.warning(text),
    mask(secret) {
      veil.add(secret)
      runner.mask(secret)
    },
    told: () => veil.hideIn(data),
    next(step) {
      data.next.push(step)
    },
    failure(error) {
      data.error = error
      output('error-kind', error.kind)
    },
    async close() {
      groups.close()
      for (const { text, command } of data.next) runner.line(command === undefined ? text : `${text}\n  ${command}`)
      const url = data.outputs['rancher-url']
      if (url !== undefined) runner.line(`Rancher: ${url}`)
      if (data.error !== undefined) runner.error(formatFailure(data.error).join('\n'))
      await runner.summary(renderSummary(veil.hideIn(data)))
    },
  }
}
