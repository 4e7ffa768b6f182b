/** The changes this provider makes and carries out; plain data, as they stand in a plan. */
export type LocalChange =
  | { kind: 'build-image'; image: string }
  | { kind: 'create-network'; subnet: string }
  | { kind: 'create-balancer'; address: string }
  | { kind: 'update-balancer'; config: string }
  | { kind: 'create-node' | 'start-node'; node: string; address: string }
  | { kind: 'set-name'; hostname: string; address: string }
  | { kind: 'remove-name' }
  | { kind: 'remove-machine'; machine: string }
  | { kind: 'remove-network' }
