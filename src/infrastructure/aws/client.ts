import type { EC2 } from '@aws-sdk/client-ec2'
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Route53 } from '@aws-sdk/client-route-53'
import type { SSM } from '@aws-sdk/client-ssm'
import type { STS } from '@aws-sdk/client-sts'
import { credentialsOf } from './credentials.ts'
import { asCloudError } from './errors.ts'
import { isReading } from './permissions.ts'
import type { AwsSettings } from './settings.ts'

/** The services this provider speaks to. Their libraries are loaded here only; every error of theirs is a StackError. */
export type Aws = {
  ec2: EC2
  elb: ElasticLoadBalancingV2
  dns: Route53
  ssm: SSM
  sts: STS
  /** When the session ends: undefined for keys that do not expire. */
  sessionEnd(): Promise<Date | undefined>
}

export type ClientOptions = {
  /** Called before each call with the name IAM has for it ("ec2:RunInstances"); what it throws is thrown in the call's place. */
  onCall?: (action: string, reads: boolean) => void
  /** Tries of a call that was throttled or failed on the other side. */
  maxAttempts?: number
}

/** A call that gets no answer in this time is tried again. */
const ANSWER_MS = 30_000
const CONNECT_MS = 5_000
/** Throttling is waited out for about a minute. */
const MAX_ATTEMPTS = 8

/** What a session without a known end is taken to last. */
const UNKNOWN_SESSION_MS = 3_600_000

export async function openAws(settings: Pick<AwsSettings, 'region' | 'role' | 'idToken'>, options: ClientOptions = {}) {
  const [{ EC2 }, { ElasticLoadBalancingV2 }, { Route53 }, { SSM }, { STS }] = await Promise.all([
    import('@aws-sdk/client-ec2'),
    import('@aws-sdk/client-elastic-load-balancing-v2'),
    import('@aws-sdk/client-route-53'),
    import('@aws-sdk/client-ssm'),
    import('@aws-sdk/client-sts'),
  ])
  const common = {
    region: settings.region,
    maxAttempts: options.maxAttempts ?? MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  }
  // No credentials are needed to ask for them.
  const anonymous = new STS({ ...common, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } })
  const credentials = credentialsOf(settings, anonymous)
  const sts = new STS({ ...common, ...(credentials && { credentials }) })
  // One session for all: each client would take one of its own.
  const config = { ...common, credentials: sts.config.credentials }
  const opened = {
    ec2: new EC2(config),
    elb: new ElasticLoadBalancingV2(config),
    dns: new Route53(config),
    ssm: new SSM(config),
    sts,
  }
  for (const client of [...Object.values(opened), anonymous]) watch(client as Watched, options)
  const openedAt = Date.now()
  const aws: Aws = {
    ...opened,
    async sessionEnd() {
      const { sessionToken, expiration } = await readCredentials(() => opened.sts.config.credentials())
      if (expiration !== undefined) return expiration
      return sessionToken === undefined ? undefined : new Date(openedAt + UNKNOWN_SESSION_MS)
    },
  }
  return aws
}

async function readCredentials<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (thrown) {
    throw asCloudError(thrown, { action: 'sts:GetCallerIdentity', input: {} })
  }
}

type Next = (args: { input: object }) => Promise<unknown>
type Watched = {
  middlewareStack: {
    add(
      middleware: (
        next: Next,
        context: { clientName?: string; commandName?: string },
      ) => (args: { input: object }) => Promise<unknown>,
      options: { step: 'initialize'; name: string; priority: 'high' },
    ): void
  }
}

const SERVICES: Record<string, string> = {
  EC2Client: 'ec2',
  ElasticLoadBalancingV2Client: 'elasticloadbalancing',
  Route53Client: 'route53',
  SSMClient: 'ssm',
  STSClient: 'sts',
}

/** Names each call as IAM does, and gives its errors their kind. */
function watch(client: Watched, { onCall }: ClientOptions): void {
  client.middlewareStack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        const action = `${SERVICES[clientName] ?? clientName}:${commandName.replace(/Command$/, '')}`
        onCall?.(action, isReading(action))
        try {
          return await next(args)
        } catch (thrown) {
          throw asCloudError(thrown, { action, input: args.input })
        }
      },
    { step: 'initialize', name: 'rancher-ha', priority: 'high' },
  )
}
