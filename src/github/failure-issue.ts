import type { StackError } from '../errors.ts'
import { plainText } from '../report/markdown.ts'
import type { Mode } from '../settings.ts'
import { type Client, createOnce } from './client.ts'
import { type PastRun, readMarker, renderMarker } from './marker.ts'
import { written } from './ours.ts'

export type IssueData = { stack: { name: string; owner: string }; mode: Mode; runUrl: string; at: Date }

type Found = { number: number; node_id: string; body?: string | null | undefined }

const KEPT_FAILURES = 20

/** Opens the issue of a mode that fails, or adds this failure to the one that is open. */
export async function openIssue(client: Client, data: IssueData, error: StackError): Promise<void> {
  const { octokit, owner, repo } = client
  const found = await findIssue(client, data)
  const past = readMarker(found?.body ?? '', kindOf(data), data.stack)?.past ?? []
  const text = { title: titleOf(data), body: renderIssue(data, error, past) }
  if (found !== undefined) {
    await octokit.rest.issues.update({ owner, repo, issue_number: found.number, ...text })
    return
  }
  await createOnce(
    async () => (await octokit.rest.issues.create({ owner, repo, ...text })).data.number,
    async () => (await findIssue(client, data))?.number,
  )
}

/** Closes the issue, if there is one: the mode works again. @returns whether there was one */
export async function closeIssue(client: Client, data: IssueData): Promise<boolean> {
  const { octokit, owner, repo } = client
  const found = await findIssue(client, data)
  if (found === undefined) return false
  const body = `Mode ${data.mode} works again: ${data.runUrl}`
  await octokit.rest.issues.createComment({ owner, repo, issue_number: found.number, body })
  await octokit.rest.issues.update({
    owner,
    repo,
    issue_number: found.number,
    state: 'closed',
    state_reason: 'completed',
  })
  return true
}

export function titleOf({ stack, mode }: Pick<IssueData, 'stack' | 'mode'>): string {
  return `Mode ${mode} fails for Rancher "${stack.name}"`
}

/** Pure. @param past the failures before this one, the newest first */
export function renderIssue(data: IssueData, error: StackError, past: PastRun[]): string {
  const { stack, mode, runUrl, at } = data
  const seen = [{ at: at.toISOString(), what: `${error.kind}: ${firstLine(error.message)}`, url: runUrl }]
    .concat(past.filter(({ url }) => url !== runUrl))
    .slice(0, KEPT_FAILURES)
  const parts = [
    `Mode \`${mode}\` of the stack \`${stack.name}\` failed (${error.kind}):`,
    plainText(error.message).replaceAll(/^/gm, '> '),
    error.stands === undefined ? '' : `**Standing:** ${plainText(error.stands)}`,
    error.next === undefined ? '' : `**Next:** ${plainText(error.next)}`,
    seen.map(({ at, what, url }) => `- ${at}: ${plainText(what)} (${url})`).join('\n'),
    'It is closed by the next run that works.',
    renderMarker({ stack: stack.name, owner: stack.owner, kind: kindOf(data), past: seen }),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function kindOf({ mode }: Pick<IssueData, 'mode'>): string {
  return `${mode}-failed`
}

async function findIssue(client: Client, data: IssueData): Promise<Found | undefined> {
  const { octokit, owner, repo } = client
  const open = await octokit.paginate(octokit.rest.issues.listForRepo, { owner, repo, state: 'open', per_page: 100 })
  const marked = open.filter(
    (issue) => issue.pull_request === undefined && readMarker(issue.body ?? '', kindOf(data), data.stack) !== undefined,
  )
  return (await written(client, marked))[0]
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 200)
}
