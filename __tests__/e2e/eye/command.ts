import { type ExecFileOptions, execFile } from 'node:child_process'

export type Ran = { exitCode: number; stdout: string; stderr: string }

/** Runs a program of this machine and gives what it said, whatever its exit code. */
export function attempt(
  command: string,
  args: string[],
  options: ExecFileOptions & { input?: string } = {},
): Promise<Ran> {
  const { input, ...rest } = options
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { maxBuffer: 64 << 20, encoding: 'utf8', ...rest },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(new Error(`${command}: ${error.message}`))
        else resolve({ exitCode: Number(error?.code ?? 0), stdout: String(stdout), stderr: String(stderr) })
      },
    )
    // A program that ends before it has read its input is judged by its exit code.
    child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error)
    })
    child.stdin?.end(input ?? '')
  })
}

/** Standard output of a program that must succeed. */
export async function output(
  command: string,
  args: string[],
  options?: Parameters<typeof attempt>[2],
): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt(command, args, options)
  if (exitCode !== 0)
    throw new Error(
      `${command} ${args.join(' ')}: exit code ${exitCode}: ${(stderr.trim() || stdout.trim()).slice(-2_000)}`,
    )
  return stdout.trim()
}
