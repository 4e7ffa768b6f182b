import { runRke } from './rke-process.ts'

/**
 * The Kubernetes versions this rke installs, as it names them.
 *
 * @throws StackError as any call of rke, `kubernetes` when it lists none
 */
export async function listVersions(binary: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = []
  const args = ['config', '--list-version', '--all']
  await runRke({ binary, args, folder, log: (line) => lines.push(line), signal })
  return parseVersions(lines)
}

/** One version a line; whatever else rke tells is no version. */
export function parseVersions(lines: string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => /^v\d+\.\d+\.\d+-rancher\S+$/.test(line))
}
