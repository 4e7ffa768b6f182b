import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Docker } from './docker.ts'
import { type DockerClient, refused } from './docker-client.ts'

/** Base64 of each file on a line of its own; the line of a file that is not there is empty. */
const READ = 'for file; do if [ -f "$file" ]; then base64 -w0 "$file"; fi; echo; done'

/** A client killed in the middle ends the input early, hence the count. */
const WRITE = `umask 077; mkdir -p "$(dirname "$1")" && cat >"$1.new" &&
  [ "$(wc -c <"$1.new")" -eq "$3" ] && chmod "$2" "$1.new" && mv "$1.new" "$1"`

/** Text files in containers. Nothing of them touches this machine's disk: one of them is a private key. */
export function dockerFiles({ ask, run }: DockerClient): Pick<Docker, 'read' | 'write'> {
  async function readRunning(container: string, paths: string[]): Promise<(string | undefined)[]> {
    const output = await run(['exec', container, 'sh', '-c', READ, 'sh', ...paths])
    return output.split('\n').map((line) => Buffer.from(line, 'base64').toString())
  }

  async function readStopped(container: string, path: string): Promise<string | undefined> {
    const args = ['cp', `${container}:${path}`, '-']
    const answer = await ask(args)
    if (answer.exitCode === 0) return contentOf(answer.stdout)
    if (/no such|could not find the file/i.test(answer.stderr)) return undefined
    throw refused(args, answer)
  }

  return {
    async read({ name, state }, paths) {
      const contents = state === 'running' ? await readRunning(name, paths) : []
      if (state !== 'running') for (const path of paths) contents.push(await readStopped(name, path))
      const files = paths.map((path, index) => [path, contents[index]] as const)
      return new Map(files.flatMap(([path, content]) => (content ? [[path, content] as const] : [])))
    },

    async write(container, { path, content, mode, user }, signal) {
      const command = ['sh', '-c', WRITE, 'sh', path, mode, String(Buffer.byteLength(content))]
      await run(['exec', '--interactive', '--user', user, container, ...command], { input: content, signal })
    },
  }
}

/** The one file of a tar archive. */
async function contentOf(archive: string): Promise<string> {
  const unpacking = promisify(execFile)('tar', ['--extract', '--to-stdout', '--file', '-'])
  // tar stops reading after the end mark; its exit code tells whether it was content.
  unpacking.child.stdin?.on('error', () => {})
  unpacking.child.stdin?.end(archive)
  return (await unpacking).stdout
}
