import { randomBytes } from 'node:crypto'
import type { Host } from '../../remote/host.ts'
import { shellQuote } from '../../remote/shell.ts'
import type { WantedCluster } from '../distribution.ts'
import { parseState } from './state-file.ts'

/** An account of a registry, as rke-config's `private_registries` has it. */
export type Account = { url: string; user: string; password: string }

/** What every node runs: without these no plane starts. Addons' images are pulled by whatever runs them. */
const ON_EVERY_NODE = ['kubernetes', 'etcd', 'alpine', 'podInfraContainer']

/** Image names of the planes, from a state as rke made it for the version and the user's overrides. */
export function planeImages(stateText: string): string[] {
  const images = (parseState(stateText, 'rke').desiredState.rkeConfig?.['systemImages'] ?? {}) as Record<string, string>
  return [...new Set(ON_EVERY_NODE.flatMap((key) => images[key] ?? []))]
}

export function accountsOf({ config }: Pick<WantedCluster, 'config'>): Account[] {
  const registries = Array.isArray(config['private_registries'])
    ? (config['private_registries'] as Partial<Account>[])
    : []
  return registries.flatMap(({ url, user, password }) =>
    url === undefined || user === undefined || password === undefined ? [] : [{ url, user, password }],
  )
}

/**
 * Pulls images into a node's Docker, all at once, those it has excepted; rke would pull them one after the other.
 * Passwords go in with the script, by standard input, and into a folder that ends with it.
 *
 * @returns the images that could not be pulled: rke will try itself, and judge
 */
export async function pullImages(
  host: Host,
  images: string[],
  accounts: Account[],
  signal: AbortSignal,
): Promise<string[]> {
  const input = renderPull(images, accounts, `end-${randomBytes(8).toString('hex')}`)
  const { stdout } = await host.try('sh -s -- pull-images', { sudo: true, input, deadlineMs: 1_200_000, signal })
  return stdout.split('\n').flatMap((line) => /^failed (.*)$/.exec(line)?.[1] ?? [])
}

/** @param mark ends the passwords in the script; a word none of them is */
export function renderPull(images: string[], accounts: Account[], mark: string): string {
  return [
    'umask 077; config=$(mktemp -d); trap \'rm -rf "$config"\' EXIT',
    ...accounts.map(
      ({ url, user, password }) =>
        `docker --config "$config" login --username ${shellQuote(user)} --password-stdin ${shellQuote(url)} >/dev/null 2>&1 <<'${mark}'\n${password}\n${mark}`,
    ),
    ...images.map(
      (image) =>
        `{ docker image inspect ${shellQuote(image)} || docker --config "$config" pull --quiet ${shellQuote(image)}; } >/dev/null 2>&1 </dev/null || echo ${shellQuote(`failed ${image}`)} &`,
    ),
    'wait',
    '',
  ].join('\n')
}
