import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { commitBeside } from '../__tests__/e2e/record.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'

const FILE = join(repositoryFolder, 'bench', 'RESULTS.md')

/** A figure's place on the page; sections stand in this order. */
export const TITLES = {
  startup: 'Start-up on an input error, against an empty script',
  again: 'A second install that has nothing to do, against the plain commands',
  first: 'A first install from machines up, images in the bundle',
  pulled: 'A first install from machines up, images from a slow registry',
  upgrade: 'An upgrade of Kubernetes and Rancher under load, against the plain commands',
  'ways-back': 'Back from a bad version of Rancher, by rung',
  quorum: 'From a lost quorum to a stack that is whole, against the documented commands',
  memory: 'Peak memory of the action',
  aws: 'Provider aws, from an empty account up and down again',
} as const

export type Figure = keyof typeof TITLES

const HEAD = `# Figures

Medians, each of runs that were made in turns, on a machine that did nothing else. The least and the greatest run stand
beside them. Each section says how to repeat it; \`.out/bench\` has every single run.
`

/** Puts a section in the place of the former one of its figure. */
export function writeSection(figure: Figure, body: string): void {
  const page = withSection(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '', figure, `${body.trim()}\n\n${made()}`)
  writeFileSync(FILE, page)
  console.log(`\n## ${TITLES[figure]}\n\n${body.trim()}\n\nWritten to bench/RESULTS.md.`)
}

/** The page with one section new, in the order of figures; a section nobody knows is dropped. */
export function withSection(page: string, figure: Figure, body: string): string {
  const former = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n')).trim()]),
  )
  const sections = Object.entries(TITLES).flatMap(([name, title]) => {
    const text = name === figure ? body.trim() : former.get(title)
    return text === undefined ? [] : [`## ${title}\n\n${text}\n`]
  })
  return [HEAD, ...sections].join('\n')
}

function made(): string {
  const date = new Date().toISOString().slice(0, 10)
  return `${date}, commit ${commitBeside('bench/RESULTS.md')}, node ${process.version}, ${cpus().length} cores.`
}
