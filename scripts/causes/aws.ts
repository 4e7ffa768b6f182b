import type { Causes } from './cause.ts'

/** Errors of provider `aws` and of mode `sweep`. */
export const aws: Causes = {
  // What was asked for
  '…: expected provider … with it, got … (mode …).': 'The other providers have no such thing.',
  'provider: expected aws or local, got hosts: machines that were brought do not expire (mode …).':
    'What expires is found by the tags and labels of what the action made itself; machines that were brought carry none.',
  'provider: expected aws or local with mode sweep, got hosts.':
    'What expires is found by the tags and labels of what the action made itself; machines that were brought carry none.',
  'aws-spot: expected a ttl with it: a stack that is to stay needs machines that stay (mode …).':
    'Spot machines may be taken away at any time, more than one at once, and etcd needs two of three.',
  'ssh-private-key: expected a key of RSA, ECDSA P-256 or Ed25519, got ….':
    'The public half is made from the key, and only of these kinds can images take one.',
  // Who may do it
  "aws-role: … needs the job's OIDC token, and this job has none.":
    'The job was not given the permission `id-token: write`.',
  'The OIDC token of the job could not be had: its service does not answer.': 'An outage of GitHub, or no way to it.',
  'The OIDC token of the job could not be had: its service answers ….':
    "The token's service refuses this job, or has an outage.",
  '… failed: …': 'The account refuses the call, is throttled, or a limit of it is reached; what it says stands behind.',
  // Where it is
  'aws-vpc: expected … in …, found ….':
    'The id or tag is of another region or account, or more than one network has it.',
  'aws-subnets: expected … in …, found none.': 'The subnets are of another network, or their tag is spelt otherwise.',
  'runner-cidr: the address of this runner on the internet could not be learnt.':
    'The service that tells a caller its address does not answer from here.',
  // What stands
  'Load balancer … stands, but not with the tags of this stack.':
    'Something of that name belongs to somebody else, or its tags were removed by hand.',
  'Security group … stands, but not with the tags of this stack.':
    'Something of that name belongs to somebody else, or its tags were removed by hand.',
  'Target group … stands, but not with the tags of this stack.':
    'Something of that name belongs to somebody else, or its tags were removed by hand.',
  'The security groups of the stack are gone.': 'Somebody removed them while the run went on.',
  'The security group of the nodes, which remembers the cluster, is gone.':
    'Somebody removed it while the run went on.',
  'Run … of … changes the machines of stack "…" now.': 'Two runs of the same stack overlap.',
  'The claim on the stack was lost: another run may change it now.':
    'The tag that holds the claim could not be renewed in time, or another run took it over.',
  // Machines
  '…: no room for ….': 'None of the types has capacity in any of the zones, or a quota of the account is used up.',
  '…: … ended as soon as it was launched.':
    'The image, the key of its disk or the type does not fit, or a limit of the account ended it.',
  '…: the machine … ended instead of running.': 'Somebody, or the account, ended it while it was started.',
  '… at … cannot be reached: …':
    'The network has no way from this runner to port 22 of the machine, or the machine has not come up.',
  '… made no host key of its own: it said ….': 'The image brings no ssh-keygen, or its disk is full.',
}
