/** One workflow command of the log (`::error file=x::message`). */
export type WorkflowCommand = { name: string; properties: Record<string, string>; value: string; line: number }

/** The workflow commands of a log, decoded; `line` is the index of the log line it stood on. */
export function parseCommands(lines: string[]): WorkflowCommand[] {
  return lines.flatMap((text, line) => {
    const match = /^\s*::([a-z-]+)(?:\s+([^:]*))?::(.*)$/.exec(text)
    if (match === null) return []
    const [, name = '', properties = '', value = ''] = match
    return [{ name, properties: parseProperties(properties), value: decode(value), line }]
  })
}

function parseProperties(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='))
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', ...rest] = pair.split('=')
      return [key.trim(), decode(rest.join('=').replaceAll('%3A', ':').replaceAll('%2C', ','))]
    }),
  )
}

const decode = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')

/** Values of a file command: `key=value` lines and `key<<delimiter` blocks; the last of equal keys counts. */
export function parseFileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const block = /^([^=]*?)<<(.+)$/.exec(line)
    if (block !== null) {
      const [, key = '', delimiter = ''] = block
      const end = lines.indexOf(delimiter, at + 1)
      if (end === -1) throw new Error(`file command: '${key}' has no closing ${delimiter}`)
      values[key] = lines.slice(at + 1, end).join('\n')
      at = end
    } else if (line.includes('=')) {
      values[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1)
    } else if (line.trim() !== '') {
      throw new Error(`file command: cannot read line '${line}'`)
    }
  }
  return values
}
