import { posix } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { StackError } from '../errors.ts'
import type { Host } from './host.ts'
import { shellQuote } from './shell.ts'

const DEADLINE_MS = 600_000

/**
 * Writes a file as root, atomically and on the disk when this returns. Two commands: a connection that breaks while the
 * content is sent looks to the node like the end of the content, so only a second one, which names the size, may put
 * the file in place.
 *
 * Folders that are missing are made, for root alone.
 *
 * @param mode as chmod takes it ("0600")
 */
export async function writeFile(
  host: Host,
  path: string,
  content: string | Buffer | Readable,
  mode: string,
): Promise<void> {
  const { stream, sizeBytes } = counted(content)
  const staged = (await host.run(renderStage(path), { input: stream, sudo: true, deadlineMs: DEADLINE_MS })).trim()
  const commit = await host.try(renderCommit(staged, path, sizeBytes(), mode), { sudo: true })
  if (commit.exitCode === 0) return
  throw new StackError('ssh', `${host.node.name}: ${path} could not be written: ${commit.stderr.trim()}`, {
    stands: `${path} on ${host.node.name} is as it was.`,
    next: `Look at the disk of ${host.node.name}, then run again.`,
  })
}

function counted(content: string | Buffer | Readable): { stream: Readable; sizeBytes: () => number } {
  let sizeBytes = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      done(null, chunk)
    },
  })
  const source = content instanceof Readable ? content : Readable.from([Buffer.from(content)])
  source.on('error', (error) => counter.destroy(error))
  return { stream: source.pipe(counter), sizeBytes: () => sizeBytes }
}

/** Puts standard input into a new file beside the target and prints its name; sweeps what writers that died left there. */
function renderStage(path: string): string {
  const folder = shellQuote(posix.dirname(path))
  const name = `.${posix.basename(path)}.rancher-ha.`
  return [
    `set -eu; umask 077; mkdir -p ${folder}`,
    `find ${folder} -maxdepth 1 -type f -name ${shellQuote(`${name}*`)} -mmin +60 -delete`,
    `staged=$(mktemp ${shellQuote(posix.join(posix.dirname(path), `${name}XXXXXX`))})`,
    'trap \'rm -f "$staged"\' EXIT; cat >"$staged"; trap - EXIT',
    'printf %s "$staged"',
  ].join('\n')
}

function renderCommit(staged: string, path: string, sizeBytes: number, mode: string): string {
  return [
    `set -eu; staged=${shellQuote(staged)}; trap 'rm -f "$staged"' EXIT`,
    'got=$(wc -c <"$staged")',
    `[ "$got" -eq ${sizeBytes} ] || { echo "expected ${sizeBytes} bytes, got $got" >&2; exit 1; }`,
    `chmod ${shellQuote(mode)} "$staged"; sync "$staged"`,
    `mv -fT "$staged" ${shellQuote(path)}; sync ${shellQuote(posix.dirname(path))}`,
  ].join('\n')
}
