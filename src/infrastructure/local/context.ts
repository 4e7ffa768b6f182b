import type { RunId, StackId } from '../../node.ts'
import type { Docker } from './docker.ts'
import type { HostsEntry } from './hosts-file.ts'
import type { Names } from './names.ts'
import type { Runner } from './runner.ts'

/** What every part of this provider works with. */
export type LocalContext = {
  stack: StackId
  run: RunId
  names: Names
  /** The mark of our line in the runner's hosts file. */
  mark: string
  image: { name: string; built: boolean }
  /** The host name asked for; undefined when the stack is to be read only. */
  hostname: HostsEntry['hostname'] | undefined
  /** How long a stack made now lives; undefined: it is protected. */
  ttlMs: number | undefined
  now: () => Date
  docker: Docker
  runner: Runner
}
