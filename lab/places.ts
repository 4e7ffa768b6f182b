import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is built once and kept: each entry keyed by its inputs, so that it may be thrown away at any time. */
export const CACHE = process.env['RANCHER_HA_CACHE'] ?? join(homedir(), '.cache', 'rancher-ha')

/** The air-gap bundle of the lab; its own minor has no suffix. */
export const BUNDLE = join(CACHE, 'bundle')

/** Binaries for tests: act, actionlint, etcd, etcdctl, etcdutl, helm, kubectl, rke. */
export const BIN = join(CACHE, 'bin')

/** Which lab on this machine: another name is another lab beside it, with its own Docker, disk and kept stacks. */
export const LAB = process.env['RANCHER_HA_LAB'] ?? 'rancher-ha-lab'

/** What runs: socket, pid file, log. Gone after `down`. */
export const RUN = `/run/${LAB}`

/** What lasts: the disk of the lab's Docker, kept stacks. */
export const STATE = `/var/lib/${LAB}`

export const DOCKER_HOST = `unix://${RUN}/docker.sock`
