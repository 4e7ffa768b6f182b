// Bundles src/index.ts into <out> (default dist): one lazy chunk a mode and SDK, minified, with licences.
import { spawnSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { build, transform } from 'esbuild'

type Asset = { source: string | Buffer }
type Ncc = (entry: string, options: object) => Promise<{ code: string; assets: Record<string, Asset> }>

const root = resolve(import.meta.dirname, '..')

try {
  await bundle(resolve(process.argv[2] ?? join(root, 'dist')))
} catch (error) {
  console.error(`bundle: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

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

/**
 * JavaScript below build/, so that packages resolve: ncc's own compiler does not take `.ts` in imports.
 * Always in the same folder: the names of chunks come from paths.
 */
async function emit(): Promise<string> {
  const folder = join(root, 'build', 'bundle')
  await rm(folder, { recursive: true, force: true })
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  const args = ['-p', join(root, 'tsconfig.bundle.json'), '--outDir', folder]
  const { status } = spawnSync(compiler, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error('src/ has type errors')
  await shrink(join(folder, 'src', 'inputs', 'schema.js'))
  return folder
}

/**
 * Takes into a module what it uses of its packages, and nothing else: ncc keeps all of a package's module of which one
 * export is used, and every run pays for what is loaded before the inputs are judged.
 */
async function shrink(module: string): Promise<void> {
  await build({
    entryPoints: [module],
    outfile: module,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'our own modules stay where they are',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ importer, path }) =>
            importer === module ? { path, external: true } : undefined,
          ),
      },
    ],
  })
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
