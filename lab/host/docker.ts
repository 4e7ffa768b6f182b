import { DOCKER_HOST } from '../places.ts'
import { run } from './command.ts'

/**
 * What a child needs to talk to the lab's Docker: the daemon's address, the classic builder (the other wants a
 * plug-in), and Debian's client before any other.
 */
export const DOCKER_ENV = {
  DOCKER_HOST,
  DOCKER_BUILDKIT: '0',
  PATH: `/usr/bin:/usr/sbin:${process.env['PATH'] ?? '/bin'}`,
}

/** Runs the Docker client against the lab's daemon; gives its stdout. */
export function docker(args: string[], options: { input?: string | { file: string } } = {}): Promise<string> {
  return run('/usr/bin/docker', args, { ...options, env: DOCKER_ENV })
}

/** The lines of an answer, without empty ones. */
export async function dockerLines(args: string[]): Promise<string[]> {
  return (await docker(args)).split('\n').filter((line) => line !== '')
}
