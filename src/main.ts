import { tellCommand, tellFile, tellSummary } from './commands.ts'
import { type PullRequest, readOccasion } from './github/occasion.ts'
import { parseInputs } from './inputs.ts'

/** How long a finished run may take to end by itself: what is open then was not closed by anybody. */
const LINGER_MS = 500

/** Judges the inputs before anything else is loaded, and has the mode carried out. */
export async function run(): Promise<void> {
  const occasion = await readOccasion(process.env)
  if (occasion.pullRequest?.fork) return tellFork(occasion.pullRequest)
  const secrets: string[] = []
  const settings = await parseInputs({
    env: process.env,
    now: new Date(),
    mask(secret) {
      secrets.push(secret)
      tellCommand('add-mask', secret)
    },
    warn: (text) => tellCommand('warning', text),
  })
  await (await import('./carry-out.ts')).carryOut(settings, occasion, secrets)
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

/** GitHub gives the run of a stranger's branch no secrets, and such a branch is not to get any by another way. */
function tellFork({ number, headRepository }: PullRequest): void {
  const from = headRepository === '' ? 'a repository that is gone' : headRepository
  const text = `Pull request ${number} comes from ${from}: such a run gets no secrets, so nothing was done.`
  tellCommand('notice', text)
  tellFile('GITHUB_OUTPUT', 'changed', 'false')
  tellSummary(`## Rancher HA\n\n${text}\n`)
}
