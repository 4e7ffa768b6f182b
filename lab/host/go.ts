import { run } from './command.ts'

/** What every build of the lab is made with: pinned modules, this machine's Go, no C. */
const GO_ENV = { GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOWORK: 'off' }

/** Oldest Go that builds all modules of the bundle (etcd's asks for it); `scripts/go.sh` says the same. */
const OLDEST = [1, 26] as const

/**
 * Builds one program, statically.
 *
 * @param module folder with go.mod
 * @param what import path, or '.' for the module itself
 * @param variables set at link time, by their full name
 */
export async function goBuild(module: string, what: string, to: string, variables: Record<string, string> = {}) {
  await run('go', ['build', ...goFlags(variables), '-o', to, what], { cwd: module, env: GO_ENV })
}

/** The flags of a build: part of the key under which its result is kept. */
export function goFlags(variables: Record<string, string>): string[] {
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)
  return ['-trimpath', `-ldflags=${['-s -w', ...set].join(' ')}`]
}

/**
 * The version of this machine's Go ("go1.26.8").
 *
 * @throws Error that says where to get it, when there is none or it is too old.
 */
export async function goVersion(): Promise<string> {
  const cure = `The lab builds its programs with Go ${OLDEST.join('.')} or newer: 'make setup' brings one for make; or put one from https://go.dev/dl on PATH.`
  const said = await run('go', ['env', 'GOVERSION'], { env: GO_ENV }).catch((cause: unknown) => {
    throw new Error(`go: not found. ${cure}`, { cause })
  })
  const version = said.trim()
  const [major = 0, minor = 0] = version.replace('go', '').split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) throw new Error(`go: found ${version}. ${cure}`)
  return version
}
