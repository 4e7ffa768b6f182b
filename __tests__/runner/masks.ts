import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkflowCommand } from './commands.ts'

/** A value the run asked to be hidden, and the log line it asked on. */
export type Mask = { value: string; line: number }

/** As the runner does: the whole value, and each of its lines. What any text may contain hides nothing and is left out. */
export function masksOf(commands: WorkflowCommand[]): Mask[] {
  return commands
    .filter((command) => command.name === 'add-mask')
    .flatMap(({ value, line }) =>
      [value, ...value.split(/\r?\n/)].filter(isTelling).map((part) => ({ value: part, line })),
    )
}

const isTelling = (text: string) => text.trim().length >= 6 && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(text.trim())

/** Where a secret can be read that should not: the log before its mask, or a result file anywhere. Never repeats the secret. */
export function findLeaks(lines: string[], masks: Mask[], files: Record<string, string>): string[] {
  return masks.flatMap((mask) => {
    const early = lines
      .slice(0, mask.line)
      .flatMap((text, at) => (text.includes(mask.value) && !text.includes('::add-mask::') ? [at] : []))
    const kept = Object.entries(files).flatMap(([name, text]) => (text.includes(mask.value) ? [name] : []))
    return [
      ...early.map((at) => `log line ${at + 1} shows a value that is masked only on line ${mask.line + 1}`),
      ...kept.map((name) => `${name} holds the value masked on log line ${mask.line + 1}`),
    ]
  })
}

/** A log line as the runner would show it. */
export function hide(line: string, values: Iterable<string>): string {
  let text = line
  for (const value of values) text = text.replaceAll(value, '***')
  return text
}

/** Files below a folder that hold one of the values or a private key; paths relative to it. */
export async function filesWithSecrets(folder: string, values: string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'latin1')
      return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || values.some((value) => text.includes(value))
        ? [file]
        : []
    }),
  )
  return found.flat().map((file) => file.slice(folder.length + 1))
}
