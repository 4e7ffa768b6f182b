// Measures one figure and writes its section of bench/RESULTS.md: node bench/bench.ts [name] [how many runs of each].
import { benchAgain } from './again.ts'
import { benchAws } from './aws.ts'
import { benchFirst, benchPulled } from './first.ts'
import { benchQuorum } from './quorum.ts'
import { benchStartup } from './startup.ts'
import { benchUpgrade } from './upgrade.ts'
import { benchWaysBack } from './ways-back.ts'

const benches: Record<string, (rounds?: number) => Promise<void>> = {
  startup: () => benchStartup(process.env['DIST']),
  again: benchAgain,
  first: benchFirst,
  pulled: benchPulled,
  upgrade: benchUpgrade,
  'ways-back': benchWaysBack,
  quorum: benchQuorum,
  aws: benchAws,
}

const [name = 'startup', rounds] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  console.error(`bench: expected one of ${Object.keys(benches).join(', ')}, got ${name}.`)
  process.exitCode = 1
} else {
  await bench(rounds === undefined ? undefined : Number(rounds)).catch((error: unknown) => {
    console.error(`bench ${name}: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  })
}
