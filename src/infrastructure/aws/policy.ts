import { type Need, PERMISSIONS, type Permission, type Reach } from './permissions.ts'

type Statement = {
  Sid: string
  Effect: 'Allow'
  Action: string[]
  Resource: string | string[]
  Condition?: Record<string, Record<string, string | string[]>>
}

export type Policy = { Version: '2012-10-17'; Statement: Statement[] }

/** What each mode needs, beside the door: a runner inside the network (`aws-address: private`) does without that. */
export const MODE_NEEDS: Record<'install' | 'status' | 'destroy' | 'sweep', Need[]> = {
  install: ['look', 'install', 'door'],
  status: ['look', 'door'],
  destroy: ['look', 'destroy', 'door'],
  sweep: ['look', 'destroy', 'door'],
}

const OWNER = 'REPOSITORY_ID'
const ours = { StringEquals: { 'aws:ResourceTag/rancher-ha/owner': OWNER } }
const tagged = { StringEquals: { 'aws:RequestTag/rancher-ha/owner': OWNER } }
const ec2 = (...kinds: string[]) => kinds.map((kind) => `arn:aws:ec2:*:*:${kind}/*`)

/** What a call may use beside what it makes: these carry no tag of ours in the request. */
const USED: Record<string, string[]> = {
  'ec2:CreateSecurityGroup': ec2('vpc'),
  'ec2:RunInstances': [...ec2('subnet', 'security-group'), 'arn:aws:ec2:*::image/*'],
}

/** What it makes, which does. */
const MADE: Record<string, string[]> = {
  'ec2:CreateSecurityGroup': ec2('security-group'),
  'ec2:RunInstances': ec2('instance', 'volume', 'network-interface'),
}

/** Tags given while a thing is made are permissions of their own. @see AWS, "Grant permission to tag resources during creation" */
const TAGGING: Record<string, { action: string; key: string; creates: string[] }> = {
  'ec2:CreateTags': {
    action: 'ec2:CreateTags',
    key: 'ec2:CreateAction',
    creates: ['AuthorizeSecurityGroupIngress', 'CreateSecurityGroup', 'RunInstances'],
  },
  'elasticloadbalancing:AddTags': {
    action: 'elasticloadbalancing:AddTags',
    key: 'elasticloadbalancing:CreateAction',
    creates: ['CreateListener', 'CreateLoadBalancer', 'CreateTargetGroup'],
  },
}

/** The least policy for what is needed, each permission once, held to the owner's tag where IAM can. */
export function policyFor(needs: Need[]): Policy {
  const asked = PERMISSIONS.filter((one) => one.needs.some((need) => needs.includes(need)))
  const of = (reach: Reach) => asked.filter((one) => one.reach === reach)
  return {
    Version: '2012-10-17',
    Statement: [
      statement('Any', of('any'), '*'),
      ...of('tagged-request').flatMap(makes),
      statement('Ours', of('ours'), '*', ours),
      ...asked.flatMap(({ action }) => (TAGGING[action] === undefined ? [] : [tagging(TAGGING[action])])),
      statement('Zone', of('zone'), 'arn:aws:route53:::hostedzone/ZONE_ID'),
    ].filter(({ Action }) => Action.length > 0),
  }
}

function statement(
  Sid: string,
  permissions: Pick<Permission, 'action'>[],
  Resource: string | string[],
  Condition?: Statement['Condition'],
): Statement {
  const Action = permissions.map(({ action }) => action).sort()
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) }
}

function makes(permission: Permission): Statement[] {
  const { action } = permission
  const name = action.split(':')[1] ?? ''
  const made = statement(name, [permission], MADE[action] ?? '*', tagged)
  const used = USED[action]
  return used === undefined ? [made] : [made, statement(`${name}Uses`, [permission], used)]
}

function tagging({ action, key, creates }: (typeof TAGGING)[string]): Statement {
  const Sid = `${action.split(':')[1]}WhileMaking`
  return statement(Sid, [{ action }], '*', { StringEquals: { [key]: creates } })
}
