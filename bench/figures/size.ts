import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { filesBelow } from './rooms.ts'

/** From this size on a file of dist/ has a row of its own. */
const LARGE = 100_000

/** Size of dist/, whole and by file, as it lies there and as a zip holds it. */
export function sizeSection(root: string): string {
  const files = filesBelow(root, 'dist').map((file) => {
    const content = readFileSync(join(root, file))
    return { name: basename(file), bytes: content.length, zipped: deflateRawSync(content, { level: 9 }).length }
  })
  const entry = files.filter(({ name }) => name === 'index.js')
  const chunks = files.filter((file) => !entry.includes(file)).toSorted((one, other) => other.bytes - one.bytes)
  const [large, small] = [chunks.filter(({ bytes }) => bytes >= LARGE), chunks.filter(({ bytes }) => bytes < LARGE)]
  const rows = [
    row(`**dist/, ${files.length} files**`, files),
    row('`index.js`, which every run loads', entry),
    ...large.map((file) => row(`\`${file.name}\``, [file])),
    row(`${small.length} files below ${LARGE / 1000} kB`, small),
  ]
  return `| What | kB | kB, zipped |
| --- | --- | --- |
${rows.join('\n')}

1 kB is 1000 bytes. Zipped is each file by itself, by deflate at its highest level.`
}

function row(name: string, files: { bytes: number; zipped: number }[]): string {
  const kB = (what: 'bytes' | 'zipped') => (files.reduce((all, each) => all + each[what], 0) / 1000).toFixed(1)
  return `| ${name} | ${kB('bytes')} | ${kB('zipped')} |`
}
