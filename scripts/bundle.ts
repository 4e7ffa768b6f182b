// Bundles src/index.ts into <out> (default dist): one lazy chunk a mode and SDK, minified, with licences.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { transform } from 'esbuild'

type Asset = { source: string | Buffer }
type Ncc = (entry: string, options: object) => Promise<{ code: string; assets: Record<string, Asset> }>

const root = resolve(import.meta.dirname, '..')

await bundle(resolve(process.argv[2] ?? join(root, 'dist')))

/** @throws Error when the bundle would hold native code or an import that is resolved only at run time */
async function bundle(out: string): Promise<void> {
  const emitted = await emit()
  try {
    const files = await pack(join(emitted, 'src', 'index.js'))
    await rm(out, { recursive: true, force: true })
    for (const [name, source] of Object.entries(files)) {
      if (/\.(node|exe|dll)$/.test(name)) throw new Error(`native code in the bundle: ${name}`)
      const path = join(out, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, name.endsWith('.js') ? await minified(name, String(source)) : source)
    }
    await writeFile(join(out, 'package.json'), '{"type":"module"}\n')
  } finally {
    await rm(emitted, { recursive: true, force: true })
  }
}

/** JavaScript below build/, so that packages resolve: ncc's own compiler does not take `.ts` in imports. */
async function emit(): Promise<string> {
  await mkdir(join(root, 'build'), { recursive: true })
  const folder = await mkdtemp(join(root, 'build', 'bundle-'))
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  execFileSync(compiler, ['-p', join(root, 'tsconfig.bundle.json'), '--outDir', folder], {
    cwd: root,
    stdio: 'inherit',
  })
  return folder
}

async function pack(entry: string): Promise<Record<string, string | Buffer>> {
  const ncc = createRequire(import.meta.url)('@vercel/ncc') as Ncc
  const { code, assets } = await ncc(entry, {
    cache: false,
    esm: true,
    license: 'licenses.txt',
    mainFields: ['module', 'main'],
    quiet: true,
    target: 'es2022',
  })
  return { 'index.js': code, ...Object.fromEntries(Object.entries(assets).map(([name, { source }]) => [name, source])) }
}

async function minified(name: string, source: string): Promise<string> {
  if (source.includes('@@notfound')) throw new Error(`${name} has an import that is not in the bundle`)
  const options = { format: 'esm', target: 'node24', minify: true, keepNames: true, legalComments: 'none' } as const
  return (await transform(source, options)).code
}
