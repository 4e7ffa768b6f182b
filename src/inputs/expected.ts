/** What a parser throws: what it would have taken. Who knows the name of the input and the mode makes the sentence. */
export class Expected extends Error {
  /** The part of the text it is about; undefined: the whole. */
  readonly got: string | undefined

  constructor(what: string, got?: string) {
    super(what)
    this.name = 'Expected'
    this.got = got
  }
}

/**
 * @param later what is settled but not there yet, so that it is answered as such
 * @throws Expected listing the choice
 */
export function parseOneOf<T extends string>(text: string, choice: readonly T[], later: readonly string[] = []): T {
  const found = choice.find((one) => one === text)
  if (found !== undefined) return found
  const note = later.includes(text) ? ` (${text} is not available in this version)` : ''
  throw new Expected(`one of ${choice.join(', ')}${note}`)
}

/** As YAML 1.2 has it, and nothing else: "yes" is no boolean. @throws Expected */
export function parseBoolean(text: string): boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  throw new Expected('true or false')
}

/** Lines without blanks around them, empty ones and those that begin with "#". */
export function parseLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
