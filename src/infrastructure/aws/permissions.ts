/** What a run needs a permission for. `destroy` and `sweep` need the same. */
export type Need = 'look' | 'install' | 'destroy' | 'door'

/** How far a permission reaches, and the condition that holds it to what is ours. */
export type Reach =
  /** The service takes no narrower resource. */
  | 'any'
  /** Only what carries our tags. */
  | 'ours'
  /** Making, with our tags in the request. */
  | 'tagged-request'
  /** The hosted zone. */
  | 'zone'

export type Permission = {
  action: string
  needs: Need[]
  reach: Reach
  /** Why it is there when no call has its name: what AWS asks for beside the call. */
  because?: string
}

const every = (needs: Need[], reach: Reach, actions: string[]): Permission[] =>
  actions.map((action) => ({ action, needs, reach }))

/**
 * Every permission this provider uses. Kept by hand; a test holds every call that is made against it, and the last rows
 * are permissions that AWS asks for without a call of that name.
 *
 * @see AWS, "Service Authorization Reference": Amazon EC2, Elastic Load Balancing V2, Route 53
 */
export const PERMISSIONS: Permission[] = [
  ...every(['look', 'install', 'destroy'], 'any', [
    'ec2:DescribeInstances',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroupRules',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'elasticloadbalancing:DescribeListeners',
    'elasticloadbalancing:DescribeLoadBalancerAttributes',
    'elasticloadbalancing:DescribeLoadBalancers',
    'elasticloadbalancing:DescribeTags',
    'elasticloadbalancing:DescribeTargetGroupAttributes',
    'elasticloadbalancing:DescribeTargetGroups',
    'elasticloadbalancing:DescribeTargetHealth',
    'route53:ListHostedZonesByName',
  ]),
  ...every(['look', 'install', 'destroy'], 'zone', ['route53:GetHostedZone', 'route53:ListResourceRecordSets']),
  ...every(['install'], 'any', [
    'ec2:DescribeImages',
    'ec2:DescribeInstanceTypeOfferings',
    'ec2:DescribeInstanceTypes',
    'ec2:DescribeVolumes',
    'ssm:GetParameter',
  ]),
  ...every(['install', 'destroy'], 'tagged-request', ['ec2:CreateSecurityGroup']),
  ...every(['install'], 'tagged-request', [
    'ec2:RunInstances',
    'elasticloadbalancing:CreateListener',
    'elasticloadbalancing:CreateLoadBalancer',
    'elasticloadbalancing:CreateTargetGroup',
  ]),
  ...every(['install'], 'ours', [
    'ec2:StartInstances',
    'elasticloadbalancing:AddTags',
    'elasticloadbalancing:DeregisterTargets',
    'elasticloadbalancing:ModifyListener',
    'elasticloadbalancing:ModifyLoadBalancerAttributes',
    'elasticloadbalancing:ModifyTargetGroup',
    'elasticloadbalancing:ModifyTargetGroupAttributes',
    'elasticloadbalancing:RegisterTargets',
    'elasticloadbalancing:SetSecurityGroups',
  ]),
  ...every(['install', 'destroy'], 'ours', [
    'ec2:DeleteSecurityGroup',
    'ec2:ModifyInstanceAttribute',
    'ec2:TerminateInstances',
    'elasticloadbalancing:DeleteListener',
    'elasticloadbalancing:DeleteTargetGroup',
  ]),
  ...every(['destroy'], 'ours', ['elasticloadbalancing:DeleteLoadBalancer']),
  ...every(['install', 'destroy'], 'zone', ['route53:ChangeResourceRecordSets']),
  ...every(['install', 'destroy', 'door'], 'ours', [
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:CreateTags',
    'ec2:DeleteTags',
    'ec2:RevokeSecurityGroupIngress',
  ]),
  {
    action: 'iam:CreateServiceLinkedRole',
    needs: ['install'],
    reach: 'any',
    because: 'the first load balancer of an account makes the role AWSServiceRoleForElasticLoadBalancing',
  },
  {
    action: 'kms:CreateGrant',
    needs: ['install'],
    reach: 'any',
    because: 'with aws-kms-key, on that key: EC2 reads and writes the encrypted disk by it',
  },
  {
    action: 'kms:GenerateDataKeyWithoutPlaintext',
    needs: ['install'],
    reach: 'any',
    because: 'with aws-kms-key, on that key: a new disk gets its data key',
  },
]

/** Calls that change nothing. */
export function isReading(action: string): boolean {
  return /:(Describe|List|Get|AssumeRole)/.test(action)
}
