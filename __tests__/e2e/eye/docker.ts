import { output } from './command.ts'
import { labEnvironment } from './lab.ts'

/** Docker's own client on the lab's daemon. */
export function docker(...args: string[]): Promise<string> {
  return output('docker', args, { env: { ...process.env, ...labEnvironment() } })
}
