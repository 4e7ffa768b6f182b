import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StackError } from '../../errors.ts'
import type { Answer } from './docker.ts'

type Call = { input?: string; signal?: AbortSignal }

/** One call of the Docker command line client at a time; what it asks goes by arguments and standard input. */
export type DockerClient = {
  /** @throws StackError of kind `preflight` without a client or a daemon; the reason of `signal` when it was aborted */
  ask(args: string[], call?: Call): Promise<Answer>
  /** Standard output of a call that must succeed. @throws StackError of kind `cloud` with what Docker said */
  run(args: string[], call?: Call): Promise<string>
}

const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024

/** @param env of the client: DOCKER_HOST and its kin; that of this process when absent */
export function dockerClient(env?: NodeJS.ProcessEnv): DockerClient {
  async function ask(args: string[], { input, signal }: Call = {}): Promise<Answer> {
    const options = { maxBuffer: LONGEST_ANSWER_BYTES, ...(env && { env }), ...(signal && { signal }) }
    const running = promisify(execFile)('docker', args, options)
    // A command that ends without reading closes the pipe; its exit code tells why.
    running.child.stdin?.on('error', () => {})
    running.child.stdin?.end(input)
    try {
      return { exitCode: 0, ...(await running) }
    } catch (thrown) {
      signal?.throwIfAborted()
      return answerOf(thrown)
    }
  }

  return {
    ask,
    async run(args, call) {
      const answer = await ask(args, call)
      if (answer.exitCode !== 0) throw refused(args, answer)
      return answer.stdout
    },
  }
}

/** Docker said no to this. */
export function refused(args: string[], { exitCode, stderr }: Answer): StackError {
  const [verb, noun] = args
  return new StackError('cloud', `docker ${verb} ${noun} failed (exit code ${exitCode}): ${stderr.trim()}`, {
    next: 'Mend what Docker names, then run the same again.',
  })
}

/** An exit code is an answer; that there is nobody to answer is an error. */
function answerOf(thrown: unknown): Answer {
  const { code, stdout = '', stderr = '' } = thrown as { code?: number | string; stdout?: string; stderr?: string }
  if (code === 'ENOENT') throw unreachable('There is no docker client on this machine.', thrown)
  if (typeof code !== 'number') throw thrown
  if (/cannot connect to the docker daemon|error during connect|permission denied.*docker.*sock/i.test(stderr)) {
    throw unreachable(`The Docker daemon does not answer: ${stderr.trim()}`, thrown)
  }
  return { exitCode: code, stdout, stderr }
}

function unreachable(what: string, cause: unknown): StackError {
  return new StackError('preflight', what, {
    stands: 'Nothing was changed.',
    next: 'Install and start Docker on the runner, or let DOCKER_HOST name a daemon it may use.',
    cause,
  })
}
