import { StackError } from '../errors.ts'
import type { Host } from './host.ts'
import { BOOT_MARK, type Found, UPTIME_MARK } from './lease-record.ts'
import { SESSION_VARIABLE, shellQuote } from './shell.ts'

/** The lease file of one node. */
export interface Ballot {
  readonly node: string
  read(): Promise<Found>
  /**
   * Writes `next` (empty: removes the file) when the file says exactly `expected` (empty: there is none), as one act.
   *
   * @param durable whether it must outlast a power cut: always when the holder changes; a renewal need not wait for a
   *   busy disk
   * @returns whether it was written, and what the file says now
   */
  swap(expected: string, next: string, durable?: boolean): Promise<{ swapped: boolean; content: string }>
  /** Ends what a session runs on the node, its connections included. @returns how many processes that was */
  endSession(session: string): Promise<number>
}

const DEADLINE_MS = 10_000
const ENDING_MS = 30_000

/** @param folder the stack's folder on the nodes */
export function createBallot(host: Host, folder: string): Ballot {
  const node = host.node.name
  const run = (script: string, input?: string, deadlineMs = DEADLINE_MS) =>
    host.run(script, { sudo: true, deadlineMs, ...(input === undefined ? {} : { input }) })

  return {
    node,
    async read() {
      const [uptime = '', bootId = '', content = ''] = (await run(renderRead(folder))).split('\n')
      return { node, content, uptimeS: Number(uptime), bootId }
    },
    async swap(expected, next, durable = true) {
      const [outcome, content = ''] = (await run(renderSwap(folder, durable), `${expected}\n${next}\n`)).split('\n')
      if (outcome !== 'swapped' && outcome !== 'changed') {
        throw new StackError('bug', `${node}: the lease script answered "${outcome}".`)
      }
      return { swapped: outcome === 'swapped', content }
    },
    async endSession(session) {
      return Number(await run(renderEndSession(session), undefined, ENDING_MS))
    },
  }
}

const CLOCK = 'read -r uptime _ </proc/uptime; read -r boot </proc/sys/kernel/random/boot_id'

function renderRead(folder: string): string {
  return [
    `set -eu; file=${shellQuote(`${folder}/lease.json`)}; ${CLOCK}`,
    'printf "%s\\n%s\\n" "$uptime" "$boot"; [ ! -e "$file" ] || cat "$file"',
  ].join('\n')
}

/** Only who expects nothing there makes the folder: a node that lost it has lost its vote. */
function renderSwap(folder: string, durable: boolean): string {
  return [
    `set -eu; umask 077; folder=${shellQuote(folder)}; file="$folder/lease.json"`,
    'IFS= read -r expected; IFS= read -r next',
    '[ -n "$expected" ] || mkdir -p "$folder"',
    '[ -d "$folder" ] || { echo changed; exit 0; }',
    'exec 9>"$folder/lease.lock"; flock -w 5 9',
    'current=; [ ! -e "$file" ] || current=$(cat "$file")',
    '[ "$current" = "$expected" ] || { printf "changed\\n%s\\n" "$current"; exit 0; }',
    '[ -n "$next" ] || { rm -f "$file"; echo swapped; exit 0; }',
    CLOCK,
    `printf '%s\\n' "$next" | sed "s/${UPTIME_MARK.replaceAll('"', '\\"')}/$uptime/; s/${BOOT_MARK}/$boot/" >"$file.new"`,
    durable ? 'sync "$file.new"; mv -f "$file.new" "$file"; sync "$folder"' : 'mv -f "$file.new" "$file"',
    'echo swapped; cat "$file"',
  ].join('\n')
}

/**
 * A session is known by its mark in the environment of its processes. The sshd that serves it is ended with it, and so
 * everything that goes through its connection: forwards, and the connections others made through those.
 */
function renderEndSession(session: string): string {
  return `set -u; mark=${shellQuote(`${SESSION_VARIABLE}=${session}`)}
marked() { grep -lzxF -- "$mark" /proc/[0-9]*/environ 2>/dev/null | sed 's|^/proc/||; s|/environ$||'; }
serving() {
  parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 0
  case $(tr '\\0' ' ' 2>/dev/null <"/proc/$parent/cmdline") in
    *'[listener]'*) ;;
    'sshd: '*|'sshd-session: '*|'sudo '*) echo "$parent"; serving "$parent" ;;
  esac
}
ended=0; tries=0
while pids=$(marked); [ -n "$pids" ]; do
  [ "$tries" -lt 20 ] || { echo "still running: $pids" >&2; exit 1; }
  for pid in $pids; do
    for one in $(serving "$pid") "$pid"; do kill -KILL "$one" 2>/dev/null && ended=$((ended + 1)); done
  done
  tries=$((tries + 1)); sleep 0.1
done
echo "$ended"`
}
