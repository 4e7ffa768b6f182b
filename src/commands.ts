import { appendFileSync } from 'node:fs'
import { late } from './late.ts'

/**
 * Workflow commands and files without the toolkit, whose loading costs more than all that an input error needs.
 *
 * @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function tellCommand(name: 'error' | 'warning' | 'notice' | 'add-mask', value: string): void {
  if (process.env['GITHUB_ACTIONS'] === 'true') process.stdout.write(`::${name}::${encode(value)}\n`)
  else if (name !== 'add-mask') process.stdout.write(`${value}\n`)
}

/** Adds one value to a file of the runner; nothing where there is no such file. */
export function tellFile(file: 'GITHUB_OUTPUT' | 'GITHUB_STATE', name: string, value: string): void {
  const path = process.env[file]
  if (!path) return
  appendFileSync(path, /[\r\n]/.test(value) ? block(name, value) : `${name}=${value}\n`)
}

/** The end of a value of several lines is a word that nobody who writes the value can know. */
function block(name: string, value: string): string {
  const delimiter = `ghadelimiter_${late.crypto.randomUUID()}`
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`
}

export function tellSummary(markdown: string): void {
  const path = process.env['GITHUB_STEP_SUMMARY']
  if (path) appendFileSync(path, markdown)
}

function encode(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
