import type { Log } from './groups.ts'

/** The other end of a report: GitHub's runner, or a terminal. */
export interface Runner extends Log {
  output(name: string, value: string): void
  warning(text: string): void
  error(text: string): void
  mask(secret: string): void
  summary(markdown: string): Promise<void>
}

type Environment = Record<string, string | undefined>

/**
 * Workflow commands on GitHub's runner, plain lines elsewhere. Which of the two is judged by GITHUB_ACTIONS
 * alone: a runner may well give its steps a terminal.
 */
export async function openRunner(env: Environment): Promise<Runner> {
  const core = await import('@actions/core')
  const onGitHub = env['GITHUB_ACTIONS'] === 'true'
  const line = (text: string) => core.info(withoutCommands(text))
  return {
    line,
    open: (heading) => (onGitHub ? core.startGroup(withoutCommands(heading)) : line(heading)),
    close: () => (onGitHub ? core.endGroup() : undefined),
    output: (name, value) => (env['GITHUB_OUTPUT'] ? core.setOutput(name, value) : undefined),
    warning: (text) => (onGitHub ? core.warning(text) : line(`Warning: ${text}`)),
    error: (text) => (onGitHub ? core.error(text) : line(text)),
    mask(secret) {
      if (onGitHub) for (const part of maskable(secret)) core.setSecret(part)
    },
    async summary(markdown) {
      if (env['GITHUB_STEP_SUMMARY']) await core.summary.addRaw(markdown).write()
    },
  }
}

/**
 * What nodes and tools say must not command the runner: it takes lines that begin with "::", and "##[" anywhere,
 * as its own (actions/runner, ActionCommand).
 */
export function withoutCommands(text: string): string {
  return text.replaceAll(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [')
}

/**
 * The runner masks line by line, so a secret of several lines is masked as a whole and in each of its lines
 * that is long enough not to blank out the log.
 */
export function maskable(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((text) => text.trim())
  return [...new Set([secret, ...lines.filter((text) => text.length >= 6 && !text.startsWith('-----'))])].filter(
    (text) => text.trim() !== '',
  )
}
