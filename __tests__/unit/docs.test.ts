import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

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
