import type { ErrorKind } from '../../src/errors.ts'

/** What is done about an error of a kind that says no more. */
export function usualWay(kind: ErrorKind): string {
  if (kind === 'bug') return 'Report it with the log of the run.'
  return kind === 'input' ? 'Correct the inputs and run again.' : 'Run the same again: it goes on from what stands.'
}

/**
 * The ways out of errors that take theirs from a table at run time, by their message: the syntax tree shows only "…".
 * A test looks for each of these texts in the code.
 */
export const ways: Record<string, string[]> = {
  '… failed: …': [
    'Allow … in the policy of the credentials: docs/permissions-aws.md has the whole of it.',
    'Let the trust policy of … take the tokens of this job: docs/permissions-aws.md has one.',
    'Bring valid credentials: aws-role with `id-token: write`, or a session that lasts (role-duration-seconds).',
    'The account is being throttled: run the same again later.',
    'Name more instance types in aws-instance-type, or more subnets in aws-subnets.',
    'Raise the quota that … names in the account (Service Quotas), or remove what is not needed.',
    'Look whether the runner reaches the API of the region (aws-region), then run again.',
    'Mend what the message names, then run the same again: it goes on from what stands.',
  ],
  'cluster: …': [
    'Run mode install; if there was one, run mode restore.',
    'Run mode install with the inputs of the stack.',
    'Run mode restore: it saves what the survivors know before anything else.',
  ],
  'helm-values: …: got …. …': [
    'Leave it out of helm-values.',
    'Set the input tls-source, with mode install.',
    'Set the input bootstrap-password.',
    'Set the input tls-ca.',
  ],
  'helm-values: …: the chart of Rancher … does not take it as it stands (since …). …': [
    'Remove addLocal from the values.',
    'Give its users another global role, then remove restrictedAdmin from the values.',
    'Set auditLog.enabled: true in helm-values too.',
  ],
  'Rancher …: its chart does not take the values it is to get on Kubernetes …: …': [
    'Mend helm-values; those of the release are shown by: helm get values rancher -n cattle-system.',
  ],
  'backup-to: …': ['Give github-token, with the permission actions: read.'],
  'tools: …': ['Run again.'],
}
