/** One finished step, for the timeline. `startMs` counts from the start of the run. */
export type Moment = { heading: string; startMs: number; tookMs: number; ok: boolean }

/** GitHub draws no diagram of more than 50,000 characters; a picture of so many rows is none anyway. */
const MOST_ROWS = 80
const LONGEST_NAME = 60

/**
 * The timeline as a Mermaid Gantt chart; undefined when there is nothing to draw, or too much.
 *
 * @param startedAt of the run, in ms since the epoch: the axis tells the time of the reader's own clock
 * @see https://mermaid.js.org/syntax/gantt.html
 */
export function renderGantt(timeline: Moment[], startedAt: number): string | undefined {
  if (timeline.length === 0 || timeline.length > MOST_ROWS) return undefined
  const rows = timeline
    .toSorted((one, other) => one.startMs - other.startMs)
    .map(({ heading, startMs, tookMs, ok }, index) => {
      const from = Math.round(startedAt + startMs)
      // A bar of no length is not drawn.
      const to = Math.max(from + 1, Math.round(from + tookMs))
      return `  ${rowName(heading)} :${ok ? 'done' : 'crit'}, s${index}, ${from}, ${to}`
    })
  return ['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', '  todayMarker off', '  section Steps', ...rows].join(
    '\n',
  )
}

/** What the syntax takes as its own is left out of a name: ":" ends it, "#" and ";" begin entities and comments. */
function rowName(heading: string): string {
  const name = heading
    .replaceAll(/[:;#%,{}<>"`\\]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return name.length <= LONGEST_NAME ? name || 'step' : `${name.slice(0, LONGEST_NAME - 1)}…`
}
