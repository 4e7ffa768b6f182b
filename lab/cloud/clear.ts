import { rm } from 'node:fs/promises'
import { removeMachines } from './machines.ts'
import { ourNetworks, removeNetwork } from './network.ts'
import { CLOUD_RUN } from './places.ts'

/** Takes away machines, networks and all that runs in them, also what a killed run left. */
export async function clearCloud(): Promise<void> {
  await removeMachines()
  for (const name of await ourNetworks()) await removeNetwork(name)
  await rm(CLOUD_RUN, { recursive: true, force: true })
}
