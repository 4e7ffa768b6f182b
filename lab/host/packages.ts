import { access, rm, writeFile } from 'node:fs/promises'
import { run } from './command.ts'
import { progress } from './progress.ts'

/** Debian package and a file that it alone brings: asked in microseconds, where dpkg takes a tenth of a second. */
const PACKAGES = [
  ['docker.io', '/usr/sbin/dockerd'],
  ['debootstrap', '/usr/sbin/debootstrap'],
  ['debian-archive-keyring', '/usr/share/keyrings/debian-archive-keyring.gpg'],
  ['haproxy', '/usr/sbin/haproxy'],
  ['docker-registry', '/usr/bin/docker-registry'],
  ['apache2-utils', '/usr/bin/htpasswd'],
  ['btrfs-progs', '/usr/bin/btrfs'],
  ['iptables', '/usr/sbin/iptables'],
  ['nftables', '/usr/sbin/nft'],
  ['iproute2', '/usr/bin/ip'],
  ['jq', '/usr/bin/jq'],
  ['openssh-client', '/usr/bin/ssh'],
  ['openssl', '/usr/bin/openssl'],
  ['conntrack', '/usr/sbin/conntrack'],
  ['procps', '/usr/bin/pgrep'],
  ['age', '/usr/bin/age'],
  ['unzip', '/usr/bin/unzip'],
  ['xxd', '/usr/bin/xxd'],
] as const

/** Answers 101, "not now", when a package wants to start its service. */
const POLICY = '/usr/sbin/policy-rc.d'

/** Installs what of the lab's Debian packages is not there, without starting their services; nothing when all is. */
export async function ensurePackages(packages: readonly (readonly [string, string])[] = PACKAGES): Promise<void> {
  const missing: string[] = []
  for (const [name, file] of packages) if (!(await exists(file))) missing.push(name)
  if (missing.length === 0) return

  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = !(await exists(POLICY))
  if (quiet) await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await progress(`Install ${missing.join(', ')}`, async () => {
      await run('apt-get', ['update', '-q'], { env })
      await run('apt-get', ['install', '-qy', '--no-install-recommends', ...missing], { env })
    })
  } finally {
    if (quiet) await rm(POLICY)
  }
}

export function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
