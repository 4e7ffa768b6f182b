import type { CommonSettings, ProviderSettings } from '../../settings.ts'

export type AwsSettings = Extract<ProviderSettings, { kind: 'aws' }>

/** What of a run's settings this provider reads. */
export type AwsRunSettings = Pick<CommonSettings, 'stack' | 'run' | 'deadline'> & {
  provider: AwsSettings
  ssh: Pick<CommonSettings['ssh'], 'privateKeys'>
}
