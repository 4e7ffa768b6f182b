import { rm } from 'node:fs/promises'
import { installByHand } from '../__tests__/e2e/documented.ts'
import { fromRegistry, openRegistry } from '../__tests__/e2e/from-registry.ts'
import type { Ground } from '../__tests__/e2e/ground.ts'
import { type Stack, succeeds } from '../__tests__/e2e/stack.ts'
import { bareGround, costOf, expectAnswer, needLab, removeGround, secondsOf, stack, underTest } from './lab.ts'
import { median, spread } from './median.ts'
import { padRancher, RANCHER_BYTES } from './padded.ts'
import { inTurns, Runs, say } from './record.ts'
import { type Figure, writeSection } from './results.ts'

/** About what a good office line gives. */
const BYTES_PER_SECOND = 20_000_000

/** Where images come from: inputs of the action, and the same for the documented commands. */
type Source = AsyncDisposable & {
  /** Gives the documented commands their settings. */
  stack: Stack
  changed: Record<string, string>
  /** Whether the documented commands load archives first. */
  load: boolean
}

/** Where the images are before the clock starts. */
type Variant = { name: Figure & ('first' | 'pulled'); aim: string; open: (ground: Ground) => Promise<Source> }

const BUNDLED: Variant = {
  name: 'first',
  aim: 'aim: not slower, with all its proof.',
  open: async () => ({ stack, changed: {}, load: true, [Symbol.asyncDispose]: async () => {} }),
}

/** @param rancher archive of the image that takes the place of the stand-in's small one */
const pulled = (rancher: string): Variant => ({
  name: 'pulled',
  aim: 'aim: at least 1.5 times as fast.',
  open: (ground) => fromSlowRegistry(ground, rancher),
})

async function fromSlowRegistry(ground: Ground, rancher: string): Promise<Source> {
  const changed = await fromRegistry(stack)
  const registry = await openRegistry(ground, { bytesPerSecond: BYTES_PER_SECOND, instead: [rancher] })
  return {
    stack: { ...stack, installInputs: (more) => stack.installInputs({ ...changed, ...more }) },
    changed,
    load: false,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
}

/** Images in the bundle: the action, and the documented commands with `docker load` before them. */
export async function benchFirst(rounds = 3): Promise<void> {
  await needLab()
  await bench(BUNDLED, rounds)
}

/** Images from a registry whose link is slow. */
export async function benchPulled(rounds = 3): Promise<void> {
  await needLab()
  await using padded = await padRancher()
  await bench(pulled(padded.archive), rounds)
}

/** What a reader has to know of the two ends that are compared. */
const ENDS =
  'Both end with three available replicas: the commands by `kubectl rollout status`, as the documentation has it, the action by its proof of each sentence.'

/** Each run begins with three new machines, which takes time that is not measured. */
async function bench({ name, aim, open }: Variant, rounds: number): Promise<void> {
  const runs = new Runs(name, await underTest(name, `${BYTES_PER_SECOND} ${RANCHER_BYTES} ${ENDS}`))
  const onBareGround = async <T>(work: (ground: Ground, source: Source) => Promise<T>): Promise<T> => {
    say('making bare machines')
    const ground = await bareGround()
    await using source = await open(ground)
    say('the clock starts')
    const cost = await work(ground, source)
    await expectAnswer()
    return cost
  }
  await inTurns(runs, rounds, [
    {
      what: 'action',
      run: () =>
        onBareGround(async (ground, { changed }) =>
          costOf(await succeeds(stack.install({ ...ground.inputs, ...changed }, { label: `bench-${name}` }))),
        ),
    },
    {
      what: 'by hand',
      run: () =>
        onBareGround(async (ground, source) => {
          let folder = ''
          const cost = await secondsOf(async () => {
            folder = (await installByHand(source.stack, ground, { load: source.load })).folder
          })
          await rm(folder, { recursive: true })
          return cost
        }),
    },
  ])
  writeSection(name, section(name, aim, runs))
  writeSection('memory', memory(name, runs))
  await removeGround()
}

function section(name: Variant['name'], aim: string, runs: Runs): string {
  const [action, hand] = ['action', 'by hand'].map((what) => runs.good(what).map(({ seconds }) => seconds))
  const ratio = median(hand ?? []) / median(action ?? [])
  const rate = `The registry sends ${BYTES_PER_SECOND / 1e6} MB a second to all machines together; Rancher's image is padded to ${RANCHER_BYTES / 1e6} MB, the size of its own (v2.7.5). `
  const commands = `${name === 'first' ? '`docker load`, ' : ''}\`rke up\`, \`kubectl create\`, \`helm install\`, \`kubectl rollout status\``
  return `| three bare machines to a Rancher that answers | seconds |
| --- | --- |
| \`mode: install\`, with all its proof | ${spread(action ?? [])} |
| ${commands}, one after another | ${spread(hand ?? [])} |

${name === 'pulled' ? rate : ''}The action is ${ratio.toFixed(2)} times as fast; ${aim} Failed runs: ${runs.failed().length}.
${ENDS}
Repeat: \`make lab-up\`, then \`make bench NAME=${name}\`.`
}

function memory(name: Variant['name'], runs: Runs): string {
  const megabytes = runs.good('action').flatMap(({ peakBytes }) => (peakBytes === undefined ? [] : [peakBytes / 1e6]))
  return `| a first install | MB |
| --- | --- |
| the action's process, without the tools it starts | ${spread(megabytes)} |

The kernel's own high-water mark (VmHWM), read five times a second. Measured with the first installs above.
Repeat: \`make lab-up\`, then \`make bench NAME=${name}\`.`
}
