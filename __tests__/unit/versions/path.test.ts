import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fits } from '../../../src/versions/fits.ts'
import {
  type Leg,
  lastOf,
  type Offered,
  type Part,
  type Path,
  planPath,
  type Versions,
} from '../../../src/versions/path.ts'
import { TABLE } from '../../../src/versions/table.ts'
import { compareVersions, minorOf, nextMinor } from '../../../src/versions/version.ts'

const PARTS: Part[] = ['cert-manager', 'rancher', 'kubernetes']
type Running = Versions & { distribution: string }

/** All that could ever be had: two patches of each minor in the table. */
const EVERYTHING: Offered = {
  rancher: TABLE.rancher.flatMap(({ rancher }) => [`${rancher}.1`, `${rancher}.3`]),
  'cert-manager': TABLE.certManager.flatMap(({ minor }) => [`v${minor}.0`, `v${minor}.2`]),
  kubernetes: [30, 31, 32, 33, 34, 35, 36].flatMap((minor) => [`v1.${minor}.2-a1-1`, `v1.${minor}.6-a1-1`]),
}
const WITH_RKE: Offered = {
  ...EVERYTHING,
  kubernetes: ['v1.30.14-rancher1-1', 'v1.31.10-rancher1-1', 'v1.32.6-rancher1-1'],
}

const from = (kubernetes: string, rancher?: string, certManager?: string, distribution = 'rke'): Running => ({
  kubernetes,
  rancher,
  'cert-manager': certManager,
  distribution,
})
const to = (kubernetes?: string, rancher?: string, certManager?: string): Versions => ({
  kubernetes,
  rancher,
  'cert-manager': certManager,
})

/** "kubernetes v1.31.10-rancher1-1", in the order of the legs; or the refusals. */
function told(path: Path): string[] {
  if ('refusals' in path) return path.refusals.map(({ subject, what, next }) => `${subject}: ${what} ${next}`)
  return path.legs.map((leg) => (leg.kind === 'certificates' ? leg.kind : `${leg.kind} ${leg.to}`))
}

describe('paths with rke', () => {
  test('from the oldest to the newest, Rancher ahead of Kubernetes', () => {
    const path = planPath(
      from('v1.30.14-rancher1-1', '2.9.3', 'v1.15.2'),
      to('v1.32.6-rancher1-1', '2.11.3', 'v1.16.2'),
      WITH_RKE,
    )
    expect(told(path)).toEqual([
      'cert-manager v1.16.2',
      'rancher 2.10.3',
      'rancher 2.11.3',
      'kubernetes v1.31.10-rancher1-1',
      'kubernetes v1.32.6-rancher1-1',
    ])
  })

  test('Rancher and Kubernetes take turns where their ranges force it', () => {
    const path = planPath(from('v1.31.6-a1-1', '2.11.3', 'v1.19.2', 'rke2'), to('v1.34.6-a1-1', '2.14.3'), EVERYTHING)
    expect(told(path)).toEqual([
      'rancher 2.12.3',
      'kubernetes v1.32.6-a1-1',
      'rancher 2.13.3',
      'kubernetes v1.33.6-a1-1',
      'rancher 2.14.3',
      'kubernetes v1.34.6-a1-1',
    ])
  })

  test('a Rancher that is not at its last patch goes there before it leaves its minor', () => {
    const path = planPath(from('v1.30.14-rancher1-1', '2.10.1'), to(undefined, '2.11.1'), WITH_RKE)
    expect(told(path)).toEqual(['rancher 2.10.3', 'rancher 2.11.1'])
  })

  test('Kubernetes leaves its minor from any patch', () => {
    const offered = { ...WITH_RKE, kubernetes: ['v1.31.9-rancher1-1', ...WITH_RKE.kubernetes] }
    const path = planPath(from('v1.31.9-rancher1-1', '2.11.3'), to('v1.32.6-rancher1-1'), offered)
    expect(told(path)).toEqual(['kubernetes v1.32.6-rancher1-1'])
  })

  test('a running patch newer than what is offered is left from where it is', () => {
    expect(told(planPath(from('v1.30.14-rancher1-1', '2.10.7'), to(undefined, '2.11.3'), WITH_RKE))).toEqual([
      'rancher 2.11.3',
    ])
  })
})

const RUNNING = from('v1.32.6-rancher1-1', '2.11.3', 'v1.18.2')
const refused: [string, Running, Versions, Offered, RegExp][] = [
  ['Rancher back', RUNNING, to(undefined, '2.10.3'), WITH_RKE, /^rancher-version: .*never goes back.*mode restore/],
  [
    'Kubernetes back',
    RUNNING,
    to('v1.31.10-rancher1-1'),
    WITH_RKE,
    /^kubernetes-version: .*never goes back.*mode restore/,
  ],
  ['a patch back', RUNNING, to(undefined, '2.11.1'), WITH_RKE, /^rancher-version: .*2\.11\.3 is running.*mode restore/],
  [
    'cert-manager back',
    RUNNING,
    to(undefined, undefined, 'v1.17.2'),
    WITH_RKE,
    /^cert-manager-version: .*mode restore/,
  ],
  [
    'what is not offered',
    RUNNING,
    to(undefined, '2.11.9'),
    WITH_RKE,
    /2\.11\.9 is not to be had.*2\.11\.3 at most.*Set rancher-version to 2\.11\.3/,
  ],
  [
    'a minor nobody has',
    RUNNING,
    to('v1.33.6-rancher1-1'),
    WITH_RKE,
    /v1\.33\.6-rancher1-1 is not to be had.*no version of that minor.*rke-version/,
  ],
  [
    'Rancher beyond rke',
    RUNNING,
    to(undefined, '2.12.3'),
    WITH_RKE,
    /^rancher-version: .*does not run on distribution rke.*last one that does is 2\.11/,
  ],
  [
    'Kubernetes beyond Rancher',
    RUNNING,
    to('v1.33.6-a1-1'),
    EVERYTHING,
    /^kubernetes-version: Rancher 2\.11\.3 runs on Kubernetes 1\.30 to 1\.32.*rancher-version to 2\.12/,
  ],
  [
    'a hole on the way',
    from('v1.30.14-rancher1-1', '2.9.3'),
    to(undefined, '2.11.3'),
    { ...WITH_RKE, rancher: ['2.9.3', '2.11.3'] },
    /by way of 2\.10.*none of that minor.*rancher-chart/,
  ],
  [
    'cert-manager too old',
    from('v1.32.6-a1-1', '2.12.3', 'v1.18.2', 'rke2'),
    to('v1.34.6-a1-1', '2.13.3'),
    EVERYTHING,
    /^cert-manager-version: .*v1\.18\.2 does not go with Kubernetes v1\.34/,
  ],
  [
    'another major',
    RUNNING,
    to(undefined, '3.0.1'),
    { ...WITH_RKE, rancher: ['3.0.1'] },
    /no way is known from 2\.11\.3 to 3\.0\.1/,
  ],
]
test.each(refused)('refused: %s', (_, running, asked, offered, text) => {
  const path = planPath(running, asked, offered)
  expect(path).toHaveProperty('refusals')
  expect(told(path).join('\n')).toMatch(text)
})

test('who would not go is told as a preflight, by what the input is called', () => {
  const of = (running: Running, asked: Versions, offered: Offered) => {
    const path = planPath(running, asked, offered)
    return 'refusals' in path ? path.refusals.map(({ kind, subject, next }) => [kind, subject, next]) : path
  }
  expect(of(RUNNING, to(undefined, '2.10.3'), WITH_RKE)).toEqual([
    [
      'preflight',
      'rancher-version',
      'Leave out rancher-version; to go back, run mode restore with a snapshot taken before 2.11.3.',
    ],
  ])
  expect(of(RUNNING, to('v1.33.6-rancher1-1'), WITH_RKE)).toEqual([
    ['preflight', 'kubernetes-version', 'Give an rke-version that installs it.'],
  ])
  expect(of(RUNNING, to(undefined, undefined, 'v1.19.9'), WITH_RKE)).toEqual([
    [
      'preflight',
      'cert-manager-version',
      'Set cert-manager-version to v1.19.2, or give an airgap-bundle that has its charts.',
    ],
  ])
  const hole = { ...WITH_RKE, rancher: ['2.9.3', '2.11.3'] }
  expect(of(from('v1.30.14-rancher1-1', '2.9.3'), to(undefined, '2.11.3'), hole)).toEqual([
    ['preflight', 'rancher-version', 'Give a rancher-chart, or an airgap-bundle, that has it.'],
  ])
  expect(of(RUNNING, to(undefined, '3.0.1'), { ...WITH_RKE, rancher: ['3.0.1'] })).toEqual([
    ['preflight', 'rancher-version', 'Set rancher-version to a version of the same major.'],
  ])
})

test('each part is told by its name, and by who would have it', () => {
  const what = (asked: Versions) => {
    const path = planPath(RUNNING, asked, WITH_RKE)
    return 'refusals' in path ? path.refusals.map((refusal) => refusal.what) : path
  }
  expect(what(to('v1.31.10-rancher1-1', '2.10.3', 'v1.17.2'))).toEqual([
    'cert-manager v1.18.2 is running, asked is v1.17.2: upgrade never goes back.',
    'Rancher 2.11.3 is running, asked is 2.10.3: upgrade never goes back.',
    'Kubernetes v1.32.6-rancher1-1 is running, asked is v1.31.10-rancher1-1: upgrade never goes back.',
  ])
  expect(what(to('v1.32.9', '2.11.9', 'v1.18.9'))).toEqual([
    'cert-manager v1.18.9 is not to be had: its chart repository offers v1.18.2 at most of that minor.',
    'Rancher 2.11.9 is not to be had: rancher-chart offers 2.11.3 at most of that minor.',
    'Kubernetes v1.32.9 is not to be had: the rke of this run offers v1.32.6-rancher1-1 at most of that minor.',
  ])
})

test('what several parts stand against is told of each', () => {
  const path = planPath(RUNNING, to('v1.31.10-rancher1-1', '2.10.3', 'v1.17.2'), WITH_RKE)
  expect(told(path)).toHaveLength(3)
})

test('a major of two digits is another major', () => {
  const path = planPath(from('v1.32.6-rancher1-1', '10.1.1'), to(undefined, '12.1.1'), {
    ...WITH_RKE,
    rancher: ['12.1.1'],
  })
  expect(told(path).join()).toContain('no way is known')
})

test('another spelling or build of what runs is no step, and what does not run is not brought', () => {
  expect(planPath(RUNNING, to(undefined, 'v2.11.3'), WITH_RKE)).toEqual({ legs: [] })
  expect(planPath(from('v1.32.6+a1', '2.11.3'), to('v1.32.6+a2'), WITH_RKE)).toEqual({ legs: [] })
  expect(planPath(from('v1.32.6-rancher1-1'), to(undefined, '2.11.3'), WITH_RKE)).toEqual({ legs: [] })
})

test.each(['alpha', 'beta', 'rc', 'dev', 'hotfix', 'RC'])(
  'the last patch of a minor is never a pre-release: %s',
  (pre) => {
    expect(lastOf(['2.11.3', `2.11.4-${pre}1`, '2.12.0', '2.11.2'], '2.11')).toBe('2.11.3')
    expect(lastOf([`2.11.4-${pre}1`], '2.11')).toBeUndefined()
  },
)

test('a build of a distribution is no pre-release', () => {
  expect(lastOf(['v1.31.2-rancher1-1', 'v1.31.10-rancher1-1'], '1.31')).toBe('v1.31.10-rancher1-1')
  expect(lastOf(['v1.31.2+rke2r1'], '1.31')).toBe('v1.31.2+rke2r1')
})

test('nothing is offered, nothing is asked: nothing to do', () => {
  expect(planPath(RUNNING, to(), { rancher: [], kubernetes: [], 'cert-manager': [] })).toEqual({ legs: [] })
})

describe('over all pairs', () => {
  const pick = (part: Part) => fc.constantFrom(...EVERYTHING[part])
  const pairs = fc.record({
    distribution: fc.constantFrom('rke', 'rke2'),
    running: fc.record({
      kubernetes: pick('kubernetes'),
      rancher: pick('rancher'),
      'cert-manager': pick('cert-manager'),
    }),
    asked: fc.record({
      kubernetes: pick('kubernetes'),
      rancher: pick('rancher'),
      'cert-manager': pick('cert-manager'),
    }),
  })
  const isSet = (versions: Versions, distribution: string) =>
    fits({ ...versions, certManager: versions['cert-manager'], distribution }).length === 0
  const sets = EVERYTHING.rancher.flatMap((rancher) =>
    EVERYTHING.kubernetes.flatMap((kubernetes) =>
      EVERYTHING['cert-manager'].flatMap((certManager) => {
        const set = { rancher, kubernetes, 'cert-manager': certManager }
        return isSet(set, 'rke2') ? [set] : []
      }),
    ),
  )
  /** From a set that goes together to one that is nowhere older and a few minors on. */
  const onwards = fc
    .record({
      distribution: fc.constantFrom('rke', 'rke2', 'rke2'),
      running: fc.constantFrom(...sets),
      ahead: fc.record({ rancher: fc.nat(7), kubernetes: fc.nat(7), 'cert-manager': fc.nat(5) }),
    })
    .map(({ distribution, running, ahead }) => {
      const further = (part: Part) => EVERYTHING[part][EVERYTHING[part].indexOf(running[part]) + ahead[part]]
      const asked = Object.fromEntries(PARTS.map((part) => [part, further(part) ?? running[part]])) as typeof running
      return { distribution, running, asked }
    })

  test('every stop of every path is a set that goes together, one minor at a time, and it ends where it was asked to', () => {
    let paths = 0
    fc.assert(
      fc.property(fc.oneof(pairs, onwards), ({ distribution, running, asked }) => {
        const path = planPath({ ...running, distribution }, asked, EVERYTHING)
        if ('refusals' in path) return
        paths += 1
        const at: Versions = { ...running }
        for (const leg of path.legs) {
          if (leg.kind === 'certificates') throw new Error('no certificate has to do with it')
          expect(at[leg.kind]).toBe(leg.from)
          expect([minorOf(leg.from), nextMinor(minorOf(leg.from))]).toContain(minorOf(leg.to))
          at[leg.kind] = leg.to
          expect({ at: { ...at }, fits: isSet(at, distribution) }).toEqual({ at, fits: true })
        }
        expect(at).toEqual(asked)
      }),
      { numRuns: 2000 },
    )
    expect(paths).toBeGreaterThan(50)
  })

  test('from where a path ends there is nothing more to do; nothing differs, nothing to do', () => {
    fc.assert(
      fc.property(fc.oneof(pairs, onwards), ({ distribution, running, asked }) => {
        const path = planPath({ ...running, distribution }, asked, EVERYTHING)
        if ('legs' in path) expect(planPath({ ...asked, distribution }, asked, EVERYTHING)).toEqual({ legs: [] })
        expect(planPath({ ...running, distribution }, running, EVERYTHING)).toEqual({ legs: [] })
      }),
      { numRuns: 2000 },
    )
  })

  test('a refusal always says what would lift it, and is never about what was not asked for alone', () => {
    fc.assert(
      fc.property(pairs, ({ distribution, running, asked }) => {
        const path = planPath({ ...running, distribution }, asked, EVERYTHING)
        if ('legs' in path) return
        expect(path.refusals.length).toBeGreaterThan(0)
        for (const { next, what } of path.refusals) expect([next.length > 10, what.length > 10]).toEqual([true, true])
      }),
      { numRuns: 2000 },
    )
  })

  test('no allowed way is shorter, and where there is one a path is found', () => {
    const found = new Set<number>()
    fc.assert(
      fc.property(onwards, ({ distribution, running, asked }) => {
        const path = planPath({ ...running, distribution }, asked, EVERYTHING)
        const fewest = fewestLegs(running, asked, distribution)
        expect('legs' in path ? path.legs.length : undefined).toBe(fewest)
        if (fewest !== undefined) found.add(fewest)
      }),
      { numRuns: 300 },
    )
    expect(found.size).toBeGreaterThan(4)
  })

  /** By brute force over every version that is offered: breadth first, under the rules as the documentation has them. */
  function fewestLegs(running: Versions, asked: Versions, distribution: string): number | undefined {
    const key = (versions: Versions) => PARTS.map((part) => versions[part]).join()
    const seen = new Set([key(running)])
    let layer = [running]
    for (let legs = 0; layer.length > 0; legs += 1) {
      if (seen.has(key(asked))) return layer.some((one) => key(one) === key(asked)) ? legs : undefined
      const next: Versions[] = []
      for (const one of layer) {
        for (const part of PARTS) {
          for (const version of EVERYTHING[part]) {
            const stop = { ...one, [part]: version }
            if (seen.has(key(stop)) || !mayGo(part, one[part] ?? '', version, asked[part] ?? '')) continue
            if (!isSet(stop, distribution)) continue
            seen.add(key(stop))
            next.push(stop)
          }
        }
      }
      layer = next
      if (layer.some((one) => key(one) === key(asked))) return legs + 1
    }
    return undefined
  }

  function mayGo(part: Part, at: string, version: string, asked: string): boolean {
    if (compareVersions(version, at) <= 0 || compareVersions(version, asked) > 0) return false
    if (minorOf(version) === minorOf(at)) return true
    if (minorOf(version) !== nextMinor(minorOf(at))) return false
    // Stops on the way are last patches; Rancher also leaves from one.
    const last =
      EVERYTHING[part]
        .filter((one) => minorOf(one) === minorOf(at))
        .toSorted(compareVersions)
        .at(-1) ?? ''
    if (part === 'rancher' && compareVersions(at, last) < 0) return false
    return version === asked || minorOf(version) !== minorOf(asked)
  }
})

test('legs are plain data: they can be printed, compared and hashed', () => {
  const path = planPath(from('v1.31.10-rancher1-1', '2.11.3'), to('v1.32.6-rancher1-1'), WITH_RKE)
  const legs: Leg[] = [{ kind: 'kubernetes', from: 'v1.31.10-rancher1-1', to: 'v1.32.6-rancher1-1' }]
  expect(JSON.parse(JSON.stringify(path))).toEqual({ legs })
})
