import type { CommonSettings } from '../settings.ts'
import type { AwsOptions } from './aws/aws.ts'
import type { HostsOptions } from './hosts/hosts.ts'
import type { Infrastructure } from './infrastructure.ts'
import type { LocalOptions } from './local/local.ts'

export type InfrastructureOptions = LocalOptions &
  Pick<HostsOptions, 'network'> &
  Pick<AwsOptions, 'folder' | 'log' | 'session'> & { nodeCount?: number | undefined }

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
      const { hostname, nodeCount, folder, log, session } = options
      return awsInfrastructure(
        { provider, stack, run, ssh, deadline },
        {
          asked: hostname === undefined ? undefined : { hostname, nodeCount: nodeCount ?? 0 },
          ...(folder !== undefined && { folder }),
          ...(log !== undefined && { log }),
          ...(session !== undefined && { session }),
        },
      )
    }
  }
}
