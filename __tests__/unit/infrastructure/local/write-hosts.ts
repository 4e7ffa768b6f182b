import { StackError } from '../../../../src/errors.ts'
import { thisRunner } from '../../../../src/infrastructure/local/runner.ts'

const NOBODY = 65_534

/** A process of its own, usage: FILE LOCKS. Writes a line as a user who is not root, and tells as JSON what stands against it. */
async function main([file, locks]: string[]): Promise<void> {
  const runner = thisRunner(file, locks)
  // Where the tests themselves do not run as root, they are such a user.
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(NOBODY)
    process.setuid?.(NOBODY)
  }
  const entry = { address: '10.77.4.10', hostname: 'rancher.example.test' }
  try {
    await runner.writeHosts('# a stack', entry, new AbortController().signal)
  } catch (thrown) {
    if (!(thrown instanceof StackError)) throw thrown
    const { kind, message, next } = thrown
    process.stdout.write(JSON.stringify({ kind, message, next }))
  }
}

if (import.meta.main) await main(process.argv.slice(2))
