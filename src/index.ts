// Judges the mode before anything is loaded. What runs is main.ts, or post.ts once main has begun.
import { tellFile } from './commands.ts'
import { tellFailure } from './fail.ts'
import { parseMode } from './mode.ts'

if (process.env['STATE_isPost'] === 'true') {
  await (await import('./post.ts')).post()
} else {
  tellFile('GITHUB_STATE', 'isPost', 'true')
  try {
    parseMode(process.env['INPUT_MODE']?.trim() ?? '')
    await (await import('./main.ts')).run()
  } catch (thrown) {
    tellFailure(thrown)
  }
}
