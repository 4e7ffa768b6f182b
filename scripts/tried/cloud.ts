import { by, inFile, type Trial } from './trial.ts'

export const cloud: Record<string, Trial[]> = {
  ...inFile('cloud/remedies.test.ts', [
    'Run the same again: it goes on from what stands.',
    'Name more instance types in aws-instance-type, or more subnets in aws-subnets.',
    'Look whether the runner reaches the API of the region (aws-region), then run again.',
    'Mend what the message names, then run the same again: it goes on from what stands.',
    'Look at its state reason (a disk key it may not use, no room), then run the same again.',
    'Remove that group if nobody needs it, or choose another name.',
    'Remove that load balancer if nobody needs it, or choose another name.',
    'Remove that target group if nobody needs it, or choose another name.',
  ]),
  ...inFile('unit/github/client.test.ts', [
    'Run again after that time, or give github-token the token of an app of your own: each has its own limit.',
    'Look at githubstatus.com, and run again.',
  ]),
  ...inFile('unit/infrastructure/aws/credentials.test.ts', [
    'Run the same again.',
    'Give the job the permission `id-token: write`.',
  ]),
  ...inFile('unit/infrastructure/local/docker-cli.test.ts', ['Mend what Docker names, then run the same again.']),
  ...inFile('unit/remedies/machines.test.ts', [
    'Look at the machine with docker exec, then run the same again.',
    'Run the same again: the machine is started first.',
  ]),
  'Run the same again: it is made anew.': [
    by('cloud/remedies.test.ts', 'Run the same again: it is made anew.'),
    by('unit/remedies/machines.test.ts', 'Run the same again: it is made anew.'),
  ],
  'Allow … in the policy of the credentials: docs/permissions-aws.md has the whole of it.': [
    by('cloud/faults.test.ts', '$what: the error says which, and what to do; the next run goes on'),
  ],
  'Let the trust policy of … take the tokens of this job: docs/permissions-aws.md has one.': [
    by('cloud/role.test.ts', 'Let the trust policy of … take the tokens of this job: docs/permissions-aws.md has one.'),
  ],
  'Bring valid credentials: aws-role with `id-token: write`, or a session that lasts (role-duration-seconds).': [
    by('cloud/faults.test.ts', '$what: the error says which, and what to do; the next run goes on'),
  ],
  'The account is being throttled: run the same again later.': [
    by('cloud/faults.test.ts', '$what: the error says which, and what to do; the next run goes on'),
  ],
  'Raise the quota that … names in the account (Service Quotas), or remove what is not needed.': [
    by('cloud/faults.test.ts', '$what: the error says which, and what to do; the next run goes on'),
  ],
  'Name more instance types in aws-instance-type or more subnets in aws-subnets, or run again later.': [
    by('cloud/faults.test.ts', '$what: the error says which, and what to do; the next run goes on'),
  ],
}
