import { closeKept } from './closers.ts'
import { tellCommand } from './commands.ts'

/** The second net: closes what main left when it was killed. Never fails the job. */
export async function post(): Promise<void> {
  const { done, problems } = await closeKept(process.env)
  for (const text of done) process.stdout.write(`Post: ${text}.\n`)
  for (const text of problems) tellCommand('warning', `Post could not clean up ${text}`)
}
