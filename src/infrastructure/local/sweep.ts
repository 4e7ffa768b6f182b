import type { StackId } from '../../node.ts'
import type { CommonSettings, LocalProviderSettings } from '../../settings.ts'
import type { Change } from '../../steps.ts'
import { leaveNothing } from '../leave-nothing.ts'
import type { Leftover, Sweeper } from '../sweeper.ts'
import { dockerCli } from './docker-cli.ts'
import { type LocalOptions, localInfrastructure } from './local.ts'
import { LABELS, type Labels } from './names.ts'

type LocalRunSettings = Pick<CommonSettings, 'stack' | 'run'> & { provider: LocalProviderSettings }

type SweepChange = Change & { kind: 'sweep-stack'; stack: StackId }

const DEADLINE_MS = 30 * 60_000

/** Sweeps this machine's Docker for one owner. */
export function localSweeper(settings: LocalRunSettings, options: LocalOptions = {}): Sweeper {
  const { docker = dockerCli(), now = () => new Date() } = options
  const { owner } = settings.stack
  return {
    async find() {
      const labels = await docker.labelled(LABELS.owner, owner)
      const stacks = [...Map.groupBy(labels, (each) => each[LABELS.stack] ?? '')]
      const judged = stacks.map(([name, all]) => judgeStack({ name, owner, ownerName: nameIn(all, owner) }, all, now()))
      return {
        leftovers: judged.flatMap((each) => ('leftover' in each ? [each.leftover] : [])),
        left: judged.flatMap((each) => ('left' in each ? [each.left] : [])),
      }
    },
    async remove(change, signal) {
      const { stack } = change as SweepChange
      const infrastructure = localInfrastructure({ ...settings, stack }, { ...options, hostname: undefined })
      await using claim = await infrastructure.claim(0)
      const { expires } = await infrastructure.inspect()
      if (hasExpired(expires, now())) await leaveNothing(infrastructure, claim, signal)
    },
  }
}

/** Pure: a stack goes when it carries an end that has passed; whatever was made without one stays. */
export function judgeStack(stack: StackId, labels: Labels[], at: Date): { leftover: Leftover } | { left: string } {
  const ends = new Set(labels.map((each) => each[LABELS.expires]))
  const [expires] = ends
  if (ends.size !== 1 || expires === undefined) return { left: `stack ${stack.name}: protected, it has no ttl` }
  if (!hasExpired(expires, at)) return { left: `stack ${stack.name}: expires at ${expires}` }
  const born = Math.min(...labels.map((each) => Date.parse(each[LABELS.created] ?? '')))
  return {
    leftover: {
      what: `stack ${stack.name}`,
      reason: `expired at ${expires}`,
      ageMs: Number.isNaN(born) ? 0 : Math.max(0, at.getTime() - born),
      deadlineMs: DEADLINE_MS,
      change: { room: 'infrastructure', kind: 'sweep-stack', stack },
    },
  }
}

function hasExpired(expires: string | undefined, at: Date): boolean {
  return expires !== undefined && Date.parse(expires) < at.getTime()
}

function nameIn(labels: Labels[], owner: string): string {
  return labels.find((each) => each[LABELS.ownerName] !== undefined)?.[LABELS.ownerName] ?? owner
}
