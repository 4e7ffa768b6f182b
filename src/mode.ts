import { StackError } from './errors.ts'
import { MODES, type Mode } from './settings.ts'

/** The modes this version can carry out. */
export const AVAILABLE_MODES = ['install', 'backup', 'restore', 'status', 'destroy', 'sweep'] as const satisfies Mode[]
export type AvailableMode = (typeof AVAILABLE_MODES)[number]

/** @throws StackError of kind `input` for no mode, an unknown one, and one that is not available yet */
export function parseMode(text: string): AvailableMode {
  const available = AVAILABLE_MODES.find((mode) => mode === text)
  if (available !== undefined) return available
  const choice = AVAILABLE_MODES.join(', ')
  const known = MODES.some((mode) => mode === text)
  const what = known
    ? `mode: ${text} is not available in this version; available are ${choice}.`
    : `mode: expected one of ${choice}, got ${text === '' ? 'nothing' : `"${text}"`}.`
  throw new StackError('input', what, { stands: 'Nothing was touched.', next: `Set mode to one of ${choice}.` })
}
