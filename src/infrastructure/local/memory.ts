import { z } from 'zod'
import { StackError } from '../../errors.ts'
import type { InfrastructureFacts } from '../infrastructure.ts'

type Memory = InfrastructureFacts['memory']

const schema = z.object({ clusterUid: z.string().optional(), hostname: z.string().optional() })

export function renderMemory(memory: { clusterUid: string; hostname: string }): string {
  return `${JSON.stringify(memory)}\n`
}

/** @throws StackError of kind `preflight` for a memory that cannot be read: to forget a cluster in silence is the one thing it is there to prevent */
export function parseMemory(text: string | undefined): Memory {
  if (text === undefined) return { clusterUid: undefined, hostname: undefined }
  try {
    const { clusterUid, hostname } = schema.parse(JSON.parse(text))
    return { clusterUid, hostname }
  } catch (cause) {
    throw new StackError('preflight', 'What the stack remembers of its cluster cannot be read.', {
      stands: 'Nothing was changed.',
      next: 'Look at memory.json on the load balancer machine; remove it only when there is no cluster to lose.',
      cause,
    })
  }
}
