import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BIN, DOCKER_HOST } from '../../../lab/places.ts'

/** What a program needs to talk to the lab's Docker and not to the machine's own. */
export function labEnvironment(): Record<string, string> {
  return { DOCKER_HOST }
}

/** A program the lab built: kubectl, helm, etcdctl, rke, act. */
export function tool(name: string): string {
  const file = join(BIN, name)
  if (!existsSync(file)) throw new Error(`${name} is not built: run 'make lab-up'`)
  return file
}
