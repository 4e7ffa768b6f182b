import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { TABLE } from '../../src/versions/table.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('each test that the threat model names is there', () => {
  const named = [...read('docs/threat-model.md').matchAll(/`((?:unit|scenarios|e2e|contract)\/\S+)`((?:,? "[^"]+")*)/g)]
  expect(named.length).toBeGreaterThan(15)
  const missing = named.flatMap(([, file = '', titles = '']) => {
    const path = join('__tests__', file)
    if (!existsSync(join(root, path))) return [file]
    const text = read(path)
    return [...titles.matchAll(/"([^"]+)"/g)].flatMap(([, title = '']) =>
      text.includes(title) ? [] : [`${file}: ${title}`],
    )
  })
  expect(missing).toEqual([])
})

test('the versions in docs/upgrade.md are those of the table', () => {
  const rows = [
    ...read('docs/upgrade.md').matchAll(/^\| (2\.\d+) \| (\S+) to (\S+) \| (yes|no)[^|]*\| (any|\S+ or newer) \|$/gm),
  ]
  expect(rows.map(([, rancher, min, max, onRke, helm]) => [rancher, min, max, onRke, helm])).toEqual(
    TABLE.rancher.map(({ rancher, kubernetes, distributions, helmMin }) => [
      rancher,
      kubernetes.min,
      kubernetes.max,
      distributions.includes('rke') ? 'yes' : 'no',
      helmMin === undefined ? 'any' : `${helmMin} or newer`,
    ]),
  )
})

test('no page links to a file that is not there', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', '__tests__/README.md'].concat(
    readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  )
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)|(?:src|srcset)="(?!https?:)([^"]+)"/g)].flatMap(
      ([, link, source]) => {
        const target = link ?? source ?? ''
        return existsSync(resolve(root, dirname(page), target)) ? [] : [`${page}: ${target}`]
      },
    ),
  )
  expect(broken).toEqual([])
})
