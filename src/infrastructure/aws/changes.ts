import type { GroupName } from './groups.ts'
import type { Launch } from './instances.ts'
import type { Port } from './names.ts'
import type { Rule } from './ports.ts'

/** The changes this provider makes and carries out; plain data, as they stand in a plan. */
export type AwsChange =
  | { kind: 'create-group'; group: GroupName; vpc: string; hostname: string }
  | { kind: 'set-rules'; group: GroupName; add: Rule[]; remove: string[] }
  | { kind: 'create-balancer'; scheme: 'internal' | 'internet-facing'; subnets: string[] }
  | { kind: 'set-balancer' }
  | { kind: 'set-target'; port: Port }
  | { kind: 'set-listener'; port: Port }
  | { kind: 'remove-listener'; arn: string }
  | ({ kind: 'create-node' } & Pick<Launch, 'node' | 'image' | 'attempts' | 'ended' | 'replaces' | 'diskGib'>)
  | { kind: 'give-up'; node: string; by: string }
  | { kind: 'start-node' | 'finish-node'; node: string; id: string }
  | { kind: 'set-groups'; node: string; id: string }
  | { kind: 'set-targets'; port: Port; nodes: string[] }
  | { kind: 'set-name'; hostname: string; zone: string }
  | { kind: 'set-expiry'; expires: string }
  | { kind: 'remove-name'; hostname: string; zone: string; target: string; targetZone: string }
  | { kind: 'remove-balancer'; arn: string }
  | { kind: 'remove-target'; arn: string }
  | { kind: 'remove-node'; id: string }
  | { kind: 'remove-group'; id: string }
