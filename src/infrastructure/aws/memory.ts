import { StackError } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { findGroups } from './groups.ts'
import { findBalancer } from './load-balancer.ts'
import { isOurs, TAGS } from './tags.ts'

/** What the stack remembers of its cluster stands as tags on the group of its nodes, which goes last, and on its balancer. */
export async function rememberAws(
  context: AwsContext,
  { clusterUid, hostname }: { clusterUid: string; hostname: string },
): Promise<void> {
  const { aws, names, stack } = context
  const [groups, balancer] = await Promise.all([findGroups(context), findBalancer(context)])
  const nodes = groups.find(({ name, tags }) => name === names.nodesGroup && isOurs(tags, stack))
  if (nodes === undefined) {
    throw new StackError('cloud', 'The security group of the nodes, which remembers the cluster, is gone.', {
      next: 'Run the same again: it is made anew.',
    })
  }
  const Tags = [
    { Key: TAGS.cluster, Value: clusterUid },
    { Key: TAGS.hostname, Value: hostname },
  ]
  if (balancer !== undefined) await aws.elb.addTags({ ResourceArns: [balancer.arn], Tags })
  await aws.ec2.createTags({ Resources: [nodes.id], Tags })
}
