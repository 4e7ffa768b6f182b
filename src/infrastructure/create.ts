import type { CommonSettings } from '../settings.ts'
import type { AwsOptions } from './aws/aws.ts'
import type { HostsOptions } from './hosts/hosts.ts'
import type { Infrastructure } from './infrastructure.ts'
import type { LocalOptions } from './local/local.ts'

export type InfrastructureOptions = LocalOptions &
  Pick<HostsOptions, 'network'> &
  Pick<AwsOptions, 'folder' | 'log' | 'session'> & {
    nodeCount?: number | undefined
    /** Whether nodes beyond `nodeCount` are none too many. */
    keepsAll?: boolean
  }

/** The provider the settings name; its own libraries load only now. */
export async function createInfrastructure(
  settings: Pick<CommonSettings, 'provider' | 'stack' | 'run' | 'ssh' | 'deadline'>,
  options: InfrastructureOptions = {},
): Promise<Infrastructure> {
  const { provider, stack, run, ssh, deadline } = settings
  switch (provider.kind) {
    case 'local': {
      const { localInfrastructure } = await import('./local/local.ts')
      return localInfrastructure({ provider, stack, run }, options)
    }
    case 'hosts': {
      const { hostsInfrastructure } = await import('./hosts/hosts.ts')
      return hostsInfrastructure({ provider, ssh, run }, options)
    }
    case 'aws': {
      const { awsInfrastructure } = await import('./aws/aws.ts')
      const { hostname, nodeCount, keepsAll = false, folder, log, session } = options
      const isAsked = hostname !== undefined && nodeCount !== undefined
      return awsInfrastructure(
        { provider, stack, run, ssh, deadline },
        {
          asked: isAsked ? { hostname, nodeCount, keepsAll } : undefined,
          ...(folder !== undefined && { folder }),
          ...(log !== undefined && { log }),
          ...(session !== undefined && { session }),
        },
      )
    }
  }
}
