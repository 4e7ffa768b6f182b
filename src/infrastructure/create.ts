import type { CommonSettings } from '../settings.ts'
import type { HostsOptions } from './hosts/hosts.ts'
import type { Infrastructure } from './infrastructure.ts'
import type { LocalOptions } from './local/local.ts'

export type InfrastructureOptions = LocalOptions & Pick<HostsOptions, 'network'>

/** The provider the settings name; its own libraries load only now. */
export async function createInfrastructure(
  settings: Pick<CommonSettings, 'provider' | 'stack' | 'run' | 'ssh'>,
  options: InfrastructureOptions = {},
): Promise<Infrastructure> {
  const { provider, stack, run, ssh } = settings
  switch (provider.kind) {
    case 'local': {
      const { localInfrastructure } = await import('./local/local.ts')
      return localInfrastructure({ provider, stack, run }, options)
    }
    case 'hosts': {
      const { hostsInfrastructure } = await import('./hosts/hosts.ts')
      return hostsInfrastructure({ provider, ssh, run }, options)
    }
  }
}
