import { type Account, openAccount } from '../__tests__/e2e/account.ts'
import { type Done, type Stack, succeeds } from '../__tests__/e2e/stack.ts'
import { costOf, needLab, underTest } from './lab.ts'
import { median, spread } from './median.ts'
import { type Measured, Runs, say } from './record.ts'
import { writeSection } from './results.ts'

const AGAINS = 3

/** From an empty account up, again with nothing to do, and down: calls of the API, seconds, and what of them is the cloud's. */
export async function benchAws(rounds = 3): Promise<void> {
  await needLab()
  const runs = new Runs('aws', await underTest('aws'))
  while (runs.good('destroy').length < rounds) {
    say(`round ${runs.good('destroy').length + 1} of ${rounds}`)
    await using account = await openAccount()
    const stack = account.stack('bench-aws', 'inside')
    const measure = (what: string, run: () => Promise<Done>) => runs.measure(what, () => costInAccount(account, run))
    if (!(await measure('install', () => stack.install()))) return
    for (let again = 0; again < AGAINS; again++) await measure('again', () => unchanged(stack))
    await measure('destroy', () => stack.destroy())
  }
  writeSection('aws', section(runs))
}

type Cost = { seconds: number; peakBytes: number; calls: number; changing: number; machineSeconds: number }

async function costInAccount(account: Account, run: () => Promise<Done>): Promise<Cost> {
  const { result, all, changing } = await account.calls(async () => succeeds(run()))
  return { ...costOf(result), calls: all.length, changing: changing.length, machineSeconds: machineSeconds(result) }
}

async function unchanged(stack: Stack): Promise<Done> {
  const done = await stack.install()
  if (done.plan.length > 0)
    throw new Error(`not a run without change: ${done.plan.map(({ title }) => title).join('; ')}`)
  return done
}

/**
 * How long the first list of steps took, which is that of machines, load balancer and name: steps that run together count
 * as long as the longest of them, which is a machine.
 */
function machineSeconds({ lines }: Done): number {
  const nodes = lines.flatMap((line) => /✓ \[\d+\/\d+\] Create node-\d+ \((\d+) s\)/.exec(line)?.[1] ?? [])
  return Math.max(0, ...nodes.map(Number))
}

function section(runs: Runs): string {
  const row = (title: string, what: string) => {
    const good = runs.good(what)
    return `| ${title} | ${spread(of(good, 'seconds'))} | ${range(of(good, 'calls'))} | ${range(of(good, 'changing'))} |`
  }
  const installs = runs.good('install')
  const share = installs.map(({ seconds, machineSeconds = 0 }) => (machineSeconds / seconds) * 100)
  return `| provider aws in the lab's cloud, private addresses | seconds | calls | that change something |
| --- | --- | --- | --- |
${row('`mode: install`, empty account', 'install')}
${row('`mode: install`, nothing to do', 'again')}
${row('`mode: destroy`', 'destroy')}

Of an install, machines, load balancer, rules and name take ${median(share).toFixed(0)} % before the cluster is begun: they are
made together, and the machines take longest. Aims: at most 20 calls without change, less than 10 % on top of the cluster.
The cloud is a stand-in on the same machine (lab/cloud): its machines boot in seconds and its balancer is there at once, so
only the calls are AWS's own. Failed runs: ${runs.failed().length}.
Repeat: \`make lab-up\`, \`make cloud-setup\`, then \`make bench NAME=aws\`.`
}

function of(runs: Measured[], field: 'seconds' | 'calls' | 'changing'): number[] {
  return runs.flatMap((run) => run[field] ?? [])
}

function range(values: number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? String(least) : `${least}–${most}`
}
