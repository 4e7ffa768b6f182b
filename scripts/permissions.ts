// Writes the policies of docs/permissions-aws.md from the table of permissions; with --check only looks whether they are right.
import { readFileSync, writeFileSync } from 'node:fs'
import { PERMISSIONS } from '../src/infrastructure/aws/permissions.ts'
import { MODE_NEEDS, policyFor } from '../src/infrastructure/aws/policy.ts'

const PAGE = new URL('../docs/permissions-aws.md', import.meta.url)
const BEGIN = '<!-- policies: written by scripts/permissions.ts -->'

/** The page with its policies as the table has them now. */
export function withPolicies(page: string): string {
  const head = page.slice(0, page.indexOf(BEGIN) + BEGIN.length)
  const policies = Object.entries(MODE_NEEDS).map(([mode, needs]) => {
    const json = JSON.stringify(policyFor(needs), undefined, 2)
    return `## Mode ${mode}\n\n\`\`\`json\n${json}\n\`\`\``
  })
  const because = PERMISSIONS.flatMap(({ action, because }) =>
    because === undefined ? [] : [`- \`${action}\`: ${because}.`],
  )
  return `${[head, ...policies, '## What no call has the name of', because.join('\n')].join('\n\n')}\n`
}

if (import.meta.main) {
  const page = readFileSync(PAGE, 'utf8')
  const right = withPolicies(page)
  if (!process.argv.includes('--check')) writeFileSync(PAGE, right)
  else if (page !== right) {
    console.error('docs/permissions-aws.md is not what the table of permissions says: run node scripts/permissions.ts')
    process.exitCode = 1
  }
}
