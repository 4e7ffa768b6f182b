import { StackError } from '../errors.ts'

/**
 * One word of a POSIX shell that stands for exactly this text, whatever is in it.
 *
 * @throws StackError of kind `bug` for a NUL character, which no argument can hold
 * @see POSIX.1-2017, Shell Command Language 2.2.2 (Single-Quotes)
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new StackError('bug', 'A shell word cannot hold a NUL character.')
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The environment variable by which a command on a node is known to be a run's; its value is the run's session. */
export const SESSION_VARIABLE = 'RANCHER_HA_RUN'

/**
 * The line handed to the login shell of a node: `command` under /bin/sh, marked with the session, and as root when
 * asked. `env` carries the marker through sudo, which clears the environment.
 */
export function renderCommand(command: string, { session, root }: { session: string; root: boolean }): string {
  const marked = `env ${SESSION_VARIABLE}=${shellQuote(session)} sh -c ${shellQuote(command)}`
  return `exec ${root ? 'sudo -n -- ' : ''}${marked}`
}
