import { spawn } from 'node:child_process'
import { StackError } from '../errors.ts'

export type HelmCall = {
  /** Path of the binary. */
  helm: string
  /** Never a secret: they stand in files. */
  args: string[]
  kubeconfig?: string
  /** Where helm keeps its own caches; inside the run's private folder. */
  folder: string
  signal: AbortSignal
}

const OUTPUT_LIMIT = 1_000_000
/** helm marks the release as failed when it is told to stop; it has this long for it. */
const STOP_MS = 5_000

/**
 * Runs helm and gives what it printed. Told to stop (`signal`), helm gets SIGTERM and, 5 s later, SIGKILL.
 *
 * @throws StackError of kind `rancher` with helm's own last words
 */
export function runHelm({ helm, args, kubeconfig, folder, signal }: HelmCall): Promise<string> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(helm, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // Nothing of the runner's environment: HELM_NAMESPACE and the like would change what is done.
      HOME: folder,
      HELM_CACHE_HOME: `${folder}/helm/cache`,
      HELM_CONFIG_HOME: `${folder}/helm/config`,
      HELM_DATA_HOME: `${folder}/helm/data`,
      ...(kubeconfig !== undefined && { KUBECONFIG: kubeconfig }),
    },
  })
  let stdout = ''
  let stderr = ''
  let killer: NodeJS.Timeout | undefined
  const stop = () => {
    child.kill('SIGTERM')
    killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  }
  signal.addEventListener('abort', stop, { once: true })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-OUTPUT_LIMIT)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-OUTPUT_LIMIT)
  })
  child.on('error', (cause) => {
    signal.removeEventListener('abort', stop)
    reject(new StackError('rancher', `helm could not be started: ${cause.message}`, { cause }))
  })
  child.on('close', (code) => {
    signal.removeEventListener('abort', stop)
    clearTimeout(killer)
    if (signal.aborted) reject(signal.reason)
    else if (code === 0) resolve(stdout)
    else reject(new StackError('rancher', `helm ${args[0]} failed: ${lastWords(stderr) || `exit code ${code}`}`))
  })
  return promise
}

/** helm's error, without its warnings. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('WARNING'))
  const error = lines.findLastIndex((line) => line.startsWith('Error:'))
  return (error === -1 ? lines.slice(-3) : lines.slice(error))
    .join(' ')
    .replace(/^Error: /, '')
    .trim()
}
