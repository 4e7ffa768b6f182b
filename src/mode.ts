import { StackError } from './errors.ts'
import { MODES, type Mode } from './settings.ts'

/** The modes this version can carry out: all there are. */
export const AVAILABLE_MODES = MODES
export type AvailableMode = Mode

/** @throws StackError of kind `input` for no mode, and an unknown one */
export function parseMode(text: string): AvailableMode {
  const available = AVAILABLE_MODES.find((mode) => mode === text)
  if (available !== undefined) return available
  const choice = AVAILABLE_MODES.join(', ')
  const what = `mode: expected one of ${choice}, got ${text === '' ? 'nothing' : `"${text}"`}.`
  throw new StackError('input', what, { stands: 'Nothing was touched.', next: `Set mode to one of ${choice}.` })
}
