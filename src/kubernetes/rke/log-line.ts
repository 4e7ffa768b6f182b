export type LogLine = {
  /** Seconds since rke started; undefined when the line has a clock time instead. */
  second: number | undefined
  /** Time of the line; undefined when it has only seconds since the start. */
  at: Date | undefined
  level: 'debug' | 'info' | 'warning' | 'error' | 'fatal' | 'other'
  message: string
  /** What stands in the brackets that begin a message ("etcd", "add/etcd"); undefined when there are none. */
  phase: string | undefined
}

/** One line of rke's output. logrus writes key=value pairs when its output is a pipe, and LEVEL[0012] on a terminal. */
export function parseLogLine(line: string): LogLine {
  const text = line.trimEnd()
  const pairs = /^time="([^"]*)" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S*)/.exec(text)
  if (pairs !== null) return logLine(undefined, date(pairs[1] ?? ''), level(pairs[2] ?? ''), unquote(pairs[3] ?? ''))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's colours are what is to be removed
  const plain = text.replace(/\x1b\[[0-9;]*m/g, '')
  const short = /^([A-Z]{4})\[(\d+)\]\s?(.*)$/.exec(plain)
  if (short !== null) return logLine(Number(short[2]), undefined, level(short[1] ?? ''), (short[3] ?? '').trimEnd())
  return logLine(undefined, undefined, 'other', plain)
}

function logLine(second: number | undefined, at: Date | undefined, level: LogLine['level'], message: string): LogLine {
  return { second, at, level, message, phase: /^\[([^\]]+)\]/.exec(message)?.[1] }
}

function date(text: string): Date | undefined {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  // Go quotes a few characters in ways JSON does not know (\x1b, \a); those lines keep their quoting.
  try {
    return JSON.parse(text) as string
  } catch {
    return text.slice(1, -1)
  }
}

const LEVELS: Record<string, LogLine['level']> = {
  debu: 'debug',
  info: 'info',
  warn: 'warning',
  erro: 'error',
  fata: 'fatal',
}

function level(text: string): LogLine['level'] {
  return LEVELS[text.slice(0, 4).toLowerCase()] ?? 'other'
}
