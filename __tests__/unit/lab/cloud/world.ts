import type { LabBalancer, LabInstance, LabWorld } from '../../../../lab/cloud/moto.ts'

export const SUBNETS = [
  { id: 'subnet-a', vpc: 'vpc-1', cidr: '172.31.0.0/20', zone: 'eu-central-1a' },
  { id: 'subnet-b', vpc: 'vpc-1', cidr: '172.31.16.0/20', zone: 'eu-central-1b' },
]

export const CHECK = { port: '80', interval: 10, timeout: 6, rise: 3, fall: 3 }

/** An instance that runs, in the first subnet. */
export function instance(id: string, given: Partial<LabInstance> = {}): LabInstance {
  return {
    id,
    state: 'running',
    privateAddress: '172.31.0.4',
    publicAddress: null,
    subnet: 'subnet-a',
    zone: 'eu-central-1a',
    groups: ['sg-1'],
    userData: null,
    shutdown: 'stop',
    tags: {},
    ...given,
  }
}

/** An internal load balancer in both subnets. */
export function balancer(given: Partial<LabBalancer> = {}): LabBalancer {
  return {
    arn: 'arn:lb',
    name: 'lb',
    dnsName: 'lb-1.elb.eu-central-1.amazonaws.com',
    state: 'active',
    scheme: 'internal',
    groups: ['sg-lb'],
    subnets: ['subnet-b', 'subnet-a'],
    crossZone: true,
    listeners: [],
    ...given,
  }
}

export function world(given: Partial<LabWorld> = {}): LabWorld {
  return { instances: [], balancers: [], groups: [], zones: [], subnets: SUBNETS, ...given }
}
