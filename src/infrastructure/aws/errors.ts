import { StackError } from '../../errors.ts'

type Call = { action: string; input: object }

const DENIED = /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|Client\.UnauthorizedOperation)$/
const NO_SESSION =
  /^(ExpiredToken|ExpiredTokenException|RequestExpired|InvalidClientTokenId|UnrecognizedClientException|AuthFailure|SignatureDoesNotMatch|InvalidIdentityToken|IDPRejectedClaim|CredentialsProviderError|TokenProviderError)$/
const THROTTLED =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|PriorRequestNotComplete|RequestThrottled)$/
const NO_CAPACITY =
  /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|InsufficientFreeAddressesInSubnet|Unsupported|SpotMaxPriceTooLow|MaxSpotInstanceCountExceeded)$/
const QUOTA = /^(VcpuLimitExceeded|InstanceLimitExceeded|.*LimitExceeded|TooMany.*)$/
const NETWORK = /^(TimeoutError|NetworkingError|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT)$/

/** The name the cloud has for what went wrong ("InvalidGroup.Duplicate"); undefined for any other error. */
export function awsCode(thrown: unknown): string | undefined {
  const origin = thrown instanceof StackError ? thrown.cause : thrown
  if (typeof origin !== 'object' || origin === null) return undefined
  const { Code, code, name } = origin as { Code?: unknown; code?: unknown; name?: unknown }
  return [Code, code, name].find((one): one is string => typeof one === 'string' && one !== 'Error')
}

/** Whether another type or zone may have what this one has not. */
export function isCapacity(thrown: unknown): boolean {
  return NO_CAPACITY.test(awsCode(thrown) ?? '')
}

/** What a call said, as the house's own error: which resource, and what a person does about it. */
export function asCloudError(thrown: unknown, call: Call): StackError {
  if (thrown instanceof StackError) return thrown
  const code = awsCode(thrown) ?? 'unknown error'
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  const about = resourceOf(call.input)
  const where = about === undefined ? call.action : `${call.action} of ${about}`
  const { next, retry } = remedy(code, call)
  return new StackError('cloud', `${where} failed: ${code}${said === code ? '' : `: ${said}`}`, {
    next,
    retry,
    cause: thrown,
  })
}

function remedy(code: string, { action, input }: Call): { next: string; retry: boolean } {
  if (DENIED.test(code)) {
    const next =
      action === 'sts:AssumeRoleWithWebIdentity'
        ? `Let the trust policy of ${resourceOf(input)} take the tokens of this job: docs/permissions-aws.md has one.`
        : `Allow ${action} in the policy of the credentials: docs/permissions-aws.md has the whole of it.`
    return { next, retry: false }
  }
  if (NO_SESSION.test(code)) {
    const next =
      'Bring valid credentials: aws-role with `id-token: write`, or a session that lasts (role-duration-seconds).'
    return { next, retry: false }
  }
  if (THROTTLED.test(code)) return { next: 'The account is being throttled: run the same again later.', retry: true }
  if (NO_CAPACITY.test(code)) {
    return { next: 'Name more instance types in aws-instance-type, or more subnets in aws-subnets.', retry: true }
  }
  if (QUOTA.test(code)) {
    const next = `Raise the quota that ${code} names in the account (Service Quotas), or remove what is not needed.`
    return { next, retry: false }
  }
  if (NETWORK.test(code)) {
    return { next: 'Look whether the runner reaches the API of the region (aws-region), then run again.', retry: true }
  }
  return { next: 'Mend what the message names, then run the same again: it goes on from what stands.', retry: false }
}

const NAMED = ['LoadBalancerName', 'GroupName', 'InstanceId', 'GroupId', 'Name', 'RoleArn', 'Id', 'ImageId'] as const
const LISTED = ['InstanceIds', 'GroupIds', 'Resources', 'ResourceArns', 'LoadBalancerArn', 'TargetGroupArn'] as const

/** The resource a call is about, in its own words; undefined for a call that lists. */
export function resourceOf(input: object): string | undefined {
  const fields = input as Record<string, unknown>
  const tagged = taggedName(fields['TagSpecifications'])
  if (tagged !== undefined) return tagged
  for (const key of [...NAMED, ...LISTED]) {
    const value = fields[key]
    if (typeof value === 'string') return value
    if (Array.isArray(value) && value.length > 0) return value.join(', ')
  }
  const record = recordName(fields['ChangeBatch'])
  return record
}

function taggedName(specifications: unknown): string | undefined {
  const [first] = (specifications ?? []) as { Tags?: { Key?: string; Value?: string }[] }[]
  return first?.Tags?.find(({ Key }) => Key === 'Name')?.Value
}

function recordName(batch: unknown): string | undefined {
  const { Changes } = (batch ?? {}) as { Changes?: { ResourceRecordSet?: { Name?: string } }[] }
  return Changes?.at(-1)?.ResourceRecordSet?.Name
}
