import { type Client, createOnce } from './client.ts'
import { type CommentData, pastOf, renderComment } from './comment.ts'
import { readMarker } from './marker.ts'
import { written } from './ours.ts'

/** Writes the one comment of a stack, or changes the one that is there. @throws StackError */
export async function putComment(client: Client, number: number, data: Omit<CommentData, 'past'>): Promise<void> {
  const { octokit, owner, repo } = client
  const found = await findComment(client, number, data.stack)
  const kept = readMarker(found?.body ?? '', 'preview', data.stack)
  const body = renderComment({ ...data, past: pastOf(kept, data.runUrl) })
  if (found !== undefined) {
    await octokit.rest.issues.updateComment({ owner, repo, comment_id: found.id, body })
    return
  }
  await createOnce(
    async () => (await octokit.rest.issues.createComment({ owner, repo, issue_number: number, body })).data.id,
    async () => (await findComment(client, number, data.stack))?.id,
  )
}

type Found = { id: number; node_id: string; body?: string | undefined }

async function findComment(client: Client, number: number, stack: CommentData['stack']): Promise<Found | undefined> {
  const { octokit, owner, repo } = client
  const comments = await octokit.paginate(octokit.rest.issues.listComments, {
    owner,
    repo,
    issue_number: number,
    per_page: 100,
  })
  const marked = comments.filter(({ body }) => readMarker(body ?? '', 'preview', stack) !== undefined)
  return (await written(client, marked))[0]
}
