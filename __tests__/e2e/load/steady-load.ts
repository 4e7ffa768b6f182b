import { stopSignal, tell } from './child.ts'
import { atPace, type Bounds } from './pace.ts'
import { startReport } from './report.ts'
import { keptConnection, newConnections } from './request.ts'
import { type Target, throwStranger } from './target.ts'

export type LoadSettings = {
  target: Target
  paths: string[]
  /** Of each line; count and seconds are those of each line, too. */
  bounds: Bounds
  /** How many lines open a connection for each request, and how many keep one. */
  lines: { opening: number; keeping: number }
}

/** Asks until it is stopped, and tells as JSON what became of it. */
async function main(): Promise<void> {
  const { settings, stop } = await stopSignal<LoadSettings>()
  const { target, paths, bounds, lines } = settings
  throwStranger(target)
  const report = startReport(Date.now())
  const opening = Array.from({ length: lines.opening }, () => ({ name: 'new', line: newConnections(target) }))
  const keeping = Array.from({ length: lines.keeping }, () => ({ name: 'kept', line: keptConnection(target) }))
  const all = [...opening, ...keeping].map(async ({ name, line }, at) => {
    await atPace(bounds, stop, async (turn) => {
      const path = paths[(turn + at) % paths.length] ?? '/'
      const ended = await line.send({ path })
      report.ended(name, path, ended, Date.now())
    })
    line.close()
  })
  await Promise.all(all)
  tell(report.finish(Date.now()))
}

await main()
