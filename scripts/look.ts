// Shows the README, and the newest job summary of a run in the lab or a scenario (.out/runs), as a browser does, light
// and dark: a screenshot of each in .out/look, and an error for a picture that does not load or a diagram that cannot be
// drawn. Needs Chromium; takes Markdown's and Mermaid's own renderers into .out/look.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What GitHub renders with, as far as it says; pinned, and used for nothing else. */
const RENDERERS = ['marked@18.2.1', 'mermaid@11.9.0']
/** Chromium's own time, which runs ahead when nothing moves. */
const BUDGET_MS = 15_000

const root = resolve(import.meta.dirname, '..')
const folder = join(root, '.out', 'look')
const runs = join(root, '.out', 'runs')

type Seen = { pictures: number; broken: string[]; diagrams: number; undrawn: number }

mkdirSync(folder, { recursive: true })
if (!existsSync(join(folder, 'node_modules', 'mermaid'))) {
  execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', ...RENDERERS])
}
const { marked } = (await import(pathToFileURL(createRequire(join(folder, 'x.js')).resolve('marked')).href)) as {
  marked: { parse(text: string): string }
}

const pages = [
  { name: 'readme', text: readFileSync(join(root, 'README.md'), 'utf8') },
  { name: 'summary', text: readFileSync(newestSummary(), 'utf8') },
]
let wrong = 0
for (const { name, text } of pages) {
  for (const scheme of ['light', 'dark']) {
    const page = join(folder, `${name}-${scheme}.html`)
    writeFileSync(page, render(text, scheme))
    const picture = join(folder, `${name}-${scheme}.png`)
    browser(scheme, [`--screenshot=${picture}`, '--window-size=1000,3400'], page)
    const seen = look(scheme, page)
    if (seen.broken.length > 0 || seen.undrawn > 0) wrong += 1
    console.log(
      `${name}, ${scheme}: ${seen.pictures} pictures, ${seen.broken.length} broken${seen.broken.map((each) => ` ${each}`).join('')}; ` +
        `${seen.diagrams} diagrams, ${seen.undrawn} not drawn: ${picture}`,
    )
  }
}
process.exitCode = wrong === 0 ? 0 : 1

/** The newest that has a timeline to draw. */
function newestSummary(): string {
  const files = existsSync(runs) ? readdirSync(runs).filter((file) => file.endsWith('.summary.md')) : []
  const drawn = files.sort().filter((file) => readFileSync(join(runs, file), 'utf8').includes('```mermaid'))
  const newest = drawn.at(-1)
  if (newest === undefined) throw new Error('No summary with a timeline in .out/runs: run make e2e-life first.')
  return join(runs, newest)
}

function render(text: string, scheme: string): string {
  const [back, front] = scheme === 'dark' ? ['#0d1117', '#e6edf3'] : ['#ffffff', '#1f2328']
  const mermaid = pathToFileURL(join(folder, 'node_modules', 'mermaid', 'dist', 'mermaid.esm.min.mjs')).href
  return `<!doctype html><meta charset="utf-8"><base href="${pathToFileURL(`${root}/`).href}">
<style>body{font:15px sans-serif;background:${back};color:${front};max-width:900px;margin:2em auto}img{max-width:100%}
table{border-collapse:collapse}td,th{border:1px solid #8884;padding:4px 8px}pre{background:#8882;padding:8px;overflow:auto}</style>
${marked.parse(text)}
<script type="module">
import mermaid from '${mermaid}'
const diagrams = [...document.querySelectorAll('code.language-mermaid')]
mermaid.initialize({ startOnLoad: false, theme: '${scheme === 'dark' ? 'dark' : 'default'}' })
let undrawn = 0
for (const [at, code] of diagrams.entries()) {
  try {
    const { svg } = await mermaid.render('diagram-' + at, code.textContent)
    code.parentElement.outerHTML = svg
  } catch { undrawn += 1 }
}
const images = [...document.images]
await Promise.all(images.map((image) => image.decode().catch(() => {})))
const broken = images.filter((image) => image.naturalWidth === 0).map((image) => image.currentSrc || image.src)
document.body.dataset.seen = JSON.stringify({ pictures: images.length, broken, diagrams: diagrams.length, undrawn })
</script>`
}

/** What the page's own script found of itself. */
function look(scheme: string, page: string): Seen {
  const dom = browser(scheme, ['--dump-dom'], page)
  const found = /data-seen="([^"]*)"/.exec(dom)?.[1]
  if (found === undefined) throw new Error(`${page}: its script did not come to its end.`)
  return JSON.parse(found.replaceAll('&quot;', '"')) as Seen
}

function browser(scheme: string, args: string[], page: string): string {
  const prefers = scheme === 'dark' ? ['--force-dark-mode', '--blink-settings=preferredColorScheme=0'] : []
  const quiet = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
  ]
  return execFileSync(
    'chromium',
    [...quiet, ...prefers, `--virtual-time-budget=${BUDGET_MS}`, ...args, pathToFileURL(page).href],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000, maxBuffer: 64 * 1024 ** 2 },
  )
}
