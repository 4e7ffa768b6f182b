import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { type RunResult, runAction } from '../__tests__/runner/runner.ts'
import { DOCKER_HOST } from './places.ts'
import { labInputs } from './settings.ts'

const name = 'demo'
const hostname = 'demo.rancher.test'

/** `up` brings a highly available Rancher onto this machine and leaves it running; `down` takes all of it away. */
async function main(command: string | undefined): Promise<void> {
  if (command === 'up') return up()
  if (command === 'down') return down()
  throw new Error(`demo: expected up or down, got '${command ?? ''}'`)
}

async function up(): Promise<void> {
  await script('bundle/build.ts')
  await using run = await act({ ...labInputs({ name, hostname }), mode: 'install' })
  if (run.exitCode !== 0) return
  const ca = await keepAuthority(run)
  console.log(`\n${formatConformance(run.outputs['conformance'] ?? '[]')}\n`)
  console.log(
    run.outputs['changed'] === 'true' ? 'It is up.' : `Nothing to do (${(run.durationMs / 1000).toFixed(1)} s).`,
  )
  console.log(`  ${run.outputs['rancher-url']}  →  ${run.outputs['load-balancer']}`)
  console.log(`  curl ${ca === undefined ? '' : `--cacert ${ca} `}${run.outputs['rancher-url']}/ping`)
  console.log(`  DOCKER_HOST=${DOCKER_HOST} docker ps`)
  console.log('  make demo-down takes it away.')
}

async function down(): Promise<void> {
  await using run = await act({ mode: 'destroy', provider: 'local', name, confirm: hostname, 'last-snapshot': 'false' })
  if (run.exitCode === 0) await script('lab.ts', 'down')
}

/** The committed bundle, as the runner runs it, main and post; its exit code becomes ours. */
async function act(inputs: Record<string, string>): Promise<RunResult> {
  const run = await runAction(inputs, { label: name, env: { DOCKER_HOST }, onLine: (line) => console.log(plain(line)) })
  const post = await run.post()
  process.exitCode = run.exitCode === 0 && post.exitCode === 0 ? 0 : 1
  return run
}

/** A log line as GitHub's page would show it. */
function plain(line: string): string {
  if (/^::(endgroup|add-mask|debug)/.test(line)) return ''
  return line.replace(/^::group::/, '▸ ').replace(/^::(error|warning|notice)[^:]*::/, '$1: ')
}

function formatConformance(json: string): string {
  const rows = JSON.parse(json) as { sentence: string; ok: boolean; evidence: string }[]
  return rows.map((row) => `${row.ok ? 'yes' : 'NO '}  ${row.sentence}\n       ${row.evidence}`).join('\n')
}

/** The certificate outlives the runner's disk; undefined when the machine trusts it anyway. */
async function keepAuthority(run: RunResult): Promise<string | undefined> {
  const file = run.outputs['rancher-ca']
  if (file === undefined || file === '') return undefined
  const kept = join(repositoryFolder, '.out', 'demo', 'ca.pem')
  await mkdir(join(repositoryFolder, '.out', 'demo'), { recursive: true })
  await copyFile(file, kept)
  return kept
}

/** A script of the lab, with its progress shown. */
async function script(path: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, path), ...args], { stdio: 'inherit' })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  if (exitCode !== 0) throw new Error(`${path} ended with ${exitCode}`)
}

await main(process.argv[2])
