import type { Client } from './client.ts'

/** A comment or an issue that may be ours. */
export type Candidate = { node_id: string; body?: string | null | undefined }

/**
 * Those that this token wrote. Anybody may copy our mark into a text of their own, and it must not become ours by that.
 *
 * @see https://docs.github.com/graphql/reference/interfaces#comment (viewerDidAuthor)
 */
export async function written<T extends Candidate>({ octokit }: Client, candidates: T[]): Promise<T[]> {
  if (candidates.length === 0) return []
  const ids = candidates.map(({ node_id }) => node_id)
  const { nodes } = await octokit.graphql<{ nodes: ({ id: string; viewerDidAuthor?: boolean } | null)[] }>(QUERY, {
    ids,
  })
  const mine = new Set(nodes.flatMap((node) => (node?.viewerDidAuthor === true ? [node.id] : [])))
  return candidates.filter(({ node_id }) => mine.has(node_id))
}

const QUERY = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Comment { viewerDidAuthor } } }'
