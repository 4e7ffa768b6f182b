import type { LocalContext } from './context.ts'
import type { DockerFacts } from './docker.ts'
import { isOurs, LABELS } from './names.ts'

/**
 * When the stack may be swept (ISO 8601), undefined when it is protected. Whatever of it stands decides, by the label
 * it was made with; only a stack of which nothing stands begins a life of its own.
 */
export function expiresOf(
  { stack, ttlMs, now }: Pick<LocalContext, 'stack' | 'ttlMs' | 'now'>,
  { networks, containers, volumes }: Pick<DockerFacts, 'networks' | 'containers' | 'volumes'>,
): string | undefined {
  const [oldest] = [...networks, ...containers, ...volumes].filter(({ labels }) => isOurs(labels, stack))
  if (oldest !== undefined) return oldest.labels[LABELS.expires]
  return ttlMs === undefined ? undefined : new Date(now().getTime() + ttlMs).toISOString()
}
