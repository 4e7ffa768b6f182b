import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../../src/errors.ts'
import { emptySummary, renderSummary, SUMMARY_LIMIT_BYTES, type SummaryData } from '../../../src/report/summary.ts'

const whole: SummaryData = {
  startedAt: Date.UTC(2026, 0, 1),
  outputs: {
    'rancher-url': 'https://rancher.example.org',
    'rancher-version': '2.11.3',
    'kubernetes-version': 'v1.32.6-rancher1-1',
    'cluster-uid': '0000-1111',
    expires: '2026-01-03T12:00:00Z',
  },
  rows: [
    { id: 'odd', sentence: 'An odd number of nodes', ok: true, evidence: '3 nodes' },
    { id: 'name', sentence: 'The name resolves', ok: false, evidence: 'got <nothing> | expected 10.0.0.1' },
  ],
  plan: {
    digest: 'abc123',
    steps: [
      { id: 'a', title: 'Create node-1', deadlineMs: 1, needs: [], change: { room: 'infrastructure', kind: 'node' } },
      { id: 'b', title: 'Converge the cluster', deadlineMs: 1, needs: [], change: { room: 'kubernetes', kind: 'up' } },
    ],
  },
  timeline: [
    { heading: '[2/2] Converge the cluster', startMs: 12_000, tookMs: 80_000, ok: false },
    { heading: '[1/2] Create node-1', startMs: 0, tookMs: 12_000, ok: true },
  ],
  tools: ['helm v3.18.6 (amd64) from the mirror, checked by a digest in the source'],
  tables: [{ title: 'Snapshot', header: ['', ''], rows: [['Keys', '3 | 2']] }],
  next: [{ text: 'Read the bootstrap password:', command: 'kubectl get secret\n  --namespace cattle-system' }],
  error: new StackError('kubernetes', 'node-1 is not Ready', { stands: 'Three machines.', next: 'Run it again.' }),
}

test('a whole summary', () => {
  expect(renderSummary(whole)).toMatchInlineSnapshot(`
"## Rancher: https://rancher.example.org

> [!CAUTION]
> **Failed (kubernetes):** node-1 is not Ready
> 
> **Standing:** Three machines.
> 
> **Next:** Run it again.

### Recommended architecture

1 of 2 sentences of the recommended architecture hold.

|  | Sentence | Seen |
| --- | --- | --- |
| ✅ | An odd number of nodes | 3 nodes |
| ❌ | The name resolves | got &lt;nothing> \\| expected 10.0.0.1 |

### Plan

\`\`\`diff
+ Create node-1
! Converge the cluster
\`\`\`

Digest: \`abc123\`

### Timeline

\`\`\`mermaid
gantt
  dateFormat x
  axisFormat %H:%M:%S
  todayMarker off
  section Steps
  [1/2] Create node-1 :done, s0, 1767225600000, 1767225612000
  [2/2] Converge the cluster :crit, s1, 1767225612000, 1767225692000
\`\`\`

<details><summary>The same as a table</summary>

|  | Step | Began | Took |
| --- | --- | --- | --- |
| ✅ | [1/2] Create node-1 | +0 ms | 12 s |
| ❌ | [2/2] Converge the cluster | +12 s | 1 min 20 s |

</details>

### Versions

|  |  | Supported |
| --- | --- | --- |
| Rancher | 2.11.3 | see suse.com/lifecycle |
| Kubernetes | v1.32.6-rancher1-1 | until 2026-02-28 |
| RKE | v1 | ended 2025-07-31 |
| Cluster | 0000-1111 |  |

### Snapshot

|  |  |
| --- | --- |
| Keys | 3 \\| 2 |

### Tools

- helm v3.18.6 (amd64) from the mirror, checked by a digest in the source

**Expires:** 2026-01-03T12:00:00Z

### Next

- Read the bootstrap password:

  \`\`\`sh
  kubectl get secret
    --namespace cattle-system
  \`\`\`
"
`)
})

test('a summary without anything still has a heading', () => {
  expect(renderSummary(emptySummary())).toBe('## Rancher HA\n')
})

test('what does not fit is left out from the least needed on, and the URL stays', () => {
  const all = Buffer.byteLength(renderSummary(whole))
  expect(renderSummary(whole)).toContain('```mermaid')
  const undrawn = renderSummary(whole, all - 1)
  expect(undrawn).not.toContain('mermaid')
  expect(undrawn).toContain('### Timeline')
  const limit = Buffer.byteLength(renderSummary({ ...whole, timeline: [] }))
  const text = renderSummary(whole, limit)
  expect(text).not.toContain('### Timeline')
  expect(text).toContain('### Plan')
  expect(renderSummary(whole, limit - 1)).not.toContain('### Plan')
  expect(renderSummary(whole, 200)).toMatch(/^## Rancher: https:\/\/rancher\.example\.org\n/)
})

test('no summary is larger than the limit, and no character is cut in two', () => {
  const evidence = fc.string({ unit: 'binary', minLength: 0, maxLength: 200 })
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 20 }), fc.integer({ min: 100, max: 4000 }), (texts, limit) => {
      const rows = texts.map((text, at) => ({ id: `${at}`, sentence: 'é'.repeat(30), ok: true, evidence: text }))
      const text = renderSummary({ ...whole, rows }, limit)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit)
      expect(text).not.toContain('\uFFFD')
    }),
  )
  const huge = { ...whole, rows: [{ id: 'x', sentence: 's'.repeat(2 ** 21), ok: true, evidence: '' }] }
  expect(Buffer.byteLength(renderSummary(huge))).toBeLessThanOrEqual(SUMMARY_LIMIT_BYTES)
})
