import { StackError } from '../errors.ts'
import type { Client } from './client.ts'

/** Whether a run ("41/1": id and attempt) has ended; undefined when nobody can tell. */
export type AskRun = (run: string) => Promise<boolean | undefined>

/**
 * Asks GitHub, if there is a token; what it refuses to say is told once, and not asked again.
 *
 * @param client opens the repository's GitHub
 */
export function askRuns(
  token: string | undefined,
  { client, line }: { client: () => Promise<Client>; line: (text: string) => void },
): AskRun {
  let opened: Promise<Client> | undefined
  let silent = token === undefined
  return async (run) => {
    if (silent) return undefined
    try {
      opened ??= client()
      return await isRunOver(await opened, run)
    } catch (thrown) {
      if (!(thrown instanceof StackError)) throw thrown
      silent = true
      line(`Whether a run has ended is judged by its age alone. ${thrown.message} ${thrown.next ?? ''}`.trim())
      return undefined
    }
  }
}

/**
 * Another attempt that has begun says that the one before has ended. A run GitHub does not know was none of its own, or is
 * forgotten.
 *
 * @throws StackError when GitHub refuses to say
 */
export async function isRunOver({ octokit, owner, repo }: Client, run: string): Promise<boolean | undefined> {
  const [id = '', attempt] = run.split('/')
  if (!/^\d+$/.test(id)) return undefined
  try {
    const { data } = await octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: Number(id) })
    return data.status === 'completed' || (data.run_attempt ?? 1) > Number(attempt)
  } catch (thrown) {
    if (thrown instanceof StackError && (thrown.cause as { status?: unknown } | undefined)?.status === 404) {
      return undefined
    }
    throw thrown
  }
}
