import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { cached } from '../host/cache.ts'
import { run } from '../host/command.ts'
import { docker } from '../host/docker.ts'
import { folderInput, keyOf } from '../host/key.ts'
import { progress } from '../host/progress.ts'
import { CACHE } from '../places.ts'
import { IMAGES } from '../versions.ts'

const SUITE = 'bookworm'
const PACKAGES = [
  ['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'ca-certificates'],
  [
    'iproute2',
    'iptables',
    'nftables',
    'kmod',
    'procps',
    'curl',
    'conntrack',
    'jq',
    'util-linux',
    'findutils',
    'psmisc',
  ],
  ['docker.io', 'containernetworking-plugins', 'haproxy', 'busybox-static', 'bash-static'],
].flat()

/** Puts the machine's image into the lab's Docker; at once when it is there and made from what stands here now. */
export async function ensureMachineImage(): Promise<void> {
  const key = keyOf(treeKey(), await folderInput(import.meta.dirname))
  const label = await docker([
    'image',
    'inspect',
    '-f',
    '{{index .Config.Labels "rancher-ha-lab/key"}}',
    IMAGES.machine,
  ])
    .then((answer) => answer.trim())
    .catch(() => undefined)
  if (label === key) return

  const tree = await machineTree()
  await progress('Machine image', () => buildMachine(IMAGES.machine, tree, key))
}

/** @param tree a tar that `machineTree` made; `key` is kept as a label */
export async function buildMachine(image: string, tree: string, key: string): Promise<void> {
  const base = `rancher-ha-lab/machine-tree:${basename(tree, '.tar').replace('tree-', '')}`
  await docker(['import', '-', base], { input: { file: tree } })
  const given = ['--build-arg', `BASE=${base}`, '--build-arg', `KEY=${key}`]
  await docker(['build', '-q', '--network', 'none', '-t', image, ...given, import.meta.dirname])
}

/**
 * The tree of files of a Debian with all that a machine needs, as a tar; also what images take their libraries from.
 *
 * @param more further packages
 */
export function machineTree(more: string[] = []): Promise<string> {
  const packages = [...PACKAGES, ...more]
  return cached(`Debian ${SUITE} tree`, join(CACHE, 'machine', `tree-${treeKey(more)}.tar`), async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'rancher-ha-tree-'))
    try {
      await run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, SUITE, folder])
      const left = [
        './var/cache/apt/*',
        './var/lib/apt/lists/*',
        './usr/share/doc/*',
        './usr/share/locale/*',
        './dev/*',
      ]
      await run('tar', [
        '-C',
        folder,
        '--one-file-system',
        ...left.map((each) => `--exclude=${each}`),
        '-cf',
        path,
        '.',
      ])
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  })
}

/** Names the tree by what it is made from. */
export function treeKey(more: string[] = []): string {
  return keyOf(SUITE, ...PACKAGES, ...more)
}
