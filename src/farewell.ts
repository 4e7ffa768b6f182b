import { systemClock } from './clock.ts'
import { openClient } from './github/client.ts'
import { openConversation } from './github/conversation.ts'
import { readOccasion } from './github/occasion.ts'
import { parseInputs } from './inputs.ts'

/**
 * Tells on GitHub what a killed run could not tell any more. The inputs stand in post's environment as in main's.
 *
 * @returns what there is to tell in the log
 */
export async function farewell(env: NodeJS.ProcessEnv): Promise<string> {
  const settings = await parseInputs({ env, now: new Date(), mask: () => {}, warn: () => {} })
  const occasion = await readOccasion(env)
  const { owner, repo } = occasion
  const told: string[] = []
  const conversation = openConversation(settings, {
    occasion,
    clock: systemClock,
    client: () => openClient({ token: settings.github.token, owner, repo, apiUrl: env['GITHUB_API_URL'] }, systemClock),
    line: (text) => told.push(text),
    warn: (text) => told.push(text),
    keep: () => {},
  })
  await conversation.abandon()
  return ['told GitHub that the run was killed', ...told].join('; ')
}
