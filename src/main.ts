import { tellCommand } from './commands.ts'
import { parseInputs } from './inputs.ts'

/** How long a finished run may take to end by itself: what is open then was not closed by anybody. */
const LINGER_MS = 500

/** Judges the inputs before anything else is loaded, and has the mode carried out. */
export async function run(): Promise<void> {
  const settings = await parseInputs({
    env: process.env,
    now: new Date(),
    mask: (secret) => tellCommand('add-mask', secret),
    warn: (text) => tellCommand('warning', text),
  })
  await (await import('./carry-out.ts')).carryOut(settings)
  setTimeout(() => process.exit(), LINGER_MS).unref()
}
