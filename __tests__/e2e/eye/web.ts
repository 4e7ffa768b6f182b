import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt } from './command.ts'

export type Answer = { status: number; body: string; location: string; error: string }

/**
 * How to look at a stack from outside: its name, the certificate that signs for it, when the name is not asked an
 * address, and what is put before a command that looks from another network than this machine's.
 */
export type View = { hostname: string; ca: string; address?: string; from?: string[] }

/** curl as a stranger would use it: verified certificate, no redirect followed. Status 0 when there was no answer. */
export async function curl(view: View, path: string, ...more: string[]): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'eye-'))
  writeFileSync(join(folder, 'ca.pem'), view.ca)
  const url = path.startsWith('http') ? path : `https://${view.hostname}${path}`
  const pinned =
    view.address === undefined
      ? []
      : [443, 80].flatMap((port) => ['--resolve', `${view.hostname}:${port}:${view.address}`])
  const format = '\n%{http_code} %{redirect_url}'
  const args = [
    '--silent',
    '--show-error',
    '--noproxy',
    '*',
    '--max-time',
    '20',
    '--cacert',
    join(folder, 'ca.pem'),
    ...pinned,
  ]
  const [program = '', ...before] = [...(view.from ?? []), 'curl']
  const ran = await attempt(program, [...before, ...args, '--write-out', format, ...more, url])
  const [last = '', ...body] = ran.stdout.split('\n').reverse()
  const [status = '0', location = ''] = last.split(' ')
  return { status: Number(status), location, body: body.reverse().join('\n'), error: ran.stderr.trim() }
}
