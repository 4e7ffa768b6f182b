import { join } from 'node:path'
import { LAB, RUN } from '../places.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** What the stand-in runs in; made by `make cloud-setup` from requirements.txt. */
export const VENV = process.env['RANCHER_HA_CLOUD'] ?? join(ROOT, '.out', 'cloud')

export const PYTHON = join(VENV, 'bin', 'python')

export const LAUNCHER = join(import.meta.dirname, 'moto_lab.py')

/** What runs beside the machines: sockets, configurations, zone files. Gone with the cloud. */
export const CLOUD_RUN = join(RUN, 'cloud')

/** Every network of this lab's cloud is called so. */
export const NETWORK_PREFIX = `cloud.${LAB}.`

/** Networks of the kernel, each with its own addresses, routes and packet filter. */
export const NETWORKS = {
  /** The account's private network: every packet between two of its interfaces goes through it. */
  vpc: `${NETWORK_PREFIX}vpc`,
  /** The rest of the world, and the gateway to it. */
  internet: `${NETWORK_PREFIX}internet`,
  /** A runner on the internet, as GitHub's own are. */
  outside: `${NETWORK_PREFIX}outside`,
  /** Somebody else on the internet: a user of what stands there. */
  user: `${NETWORK_PREFIX}user`,
  /** A runner with an address in the private network. */
  inside: `${NETWORK_PREFIX}inside`,
  balancer: (name: string) => `${NETWORK_PREFIX}${name}`,
} as const

export const ADDRESSES = {
  /** The resolver every private network has: its base and two. */
  resolver: '172.31.0.2',
  /** The same server, for those outside. */
  nameServer: '198.51.100.53',
  /** The API, and checkip.amazonaws.com. */
  services: '198.51.100.80',
  outside: '198.51.100.7',
  user: '192.0.2.10',
  /** In the subnet of the first zone, where no instance is put. */
  inside: '172.31.15.250',
  insidePublic: '198.51.100.9',
} as const

export const API_PORT = 4566
