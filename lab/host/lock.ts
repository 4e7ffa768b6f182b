import { spawnSync } from 'node:child_process'

/** In the environment of a process that holds a lock: the lock's name. */
const HELD = 'RANCHER_HA_LAB_LOCK'

/**
 * Runs the program one at a time on this machine: it starts itself again under a lock of the kernel's, which ends
 * with the process whatever ends that, and waits for it. An error is printed and makes the exit code 1.
 *
 * @param name of the lock; a program that starts another one under the same lock passes through
 */
export async function underLock(name: string, main: () => Promise<unknown>): Promise<void> {
  if (process.env[HELD] !== name) {
    const env = { ...process.env, [HELD]: name }
    const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
    const { status } = spawnSync('flock', ['--close', `/run/${name}.lock`, ...self], {
      stdio: 'inherit',
      env,
    })
    process.exit(status ?? 1)
  }
  try {
    await main()
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
