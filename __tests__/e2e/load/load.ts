import { join } from 'node:path'
import { balancerAddress } from '../eye/machines.ts'
import { login } from '../eye/rancher.ts'
import type { Stack } from '../stack.ts'
import { type Running, startChild } from './child.ts'
import type { LoadReport } from './report.ts'
import type { LoadSettings } from './steady-load.ts'
import type { WriterReport, WriterSettings } from './steady-writes.ts'
import type { Target } from './target.ts'

/** What users ask for: an answer of Rancher's own, its page, and something it has to read from its data. */
const PATHS = ['/ping', '/dashboard/', '/v3/settings/first-login']

const BOUNDS = { count: 20_000, seconds: 3_000 }

/** Twenty requests a second to the stack's load balancer, half of them on new connections and half on kept ones. */
export async function startLoad(stack: Stack): Promise<Running<LoadReport>> {
  const settings = {
    target: await targetOf(stack),
    paths: PATHS,
    bounds: { ...BOUNDS, everyMs: 200 },
    lines: { opening: 2, keeping: 2 },
  }
  return startChild<LoadSettings, LoadReport>(join(import.meta.dirname, 'steady-load.ts'), settings)
}

/** Two objects a second, made through Rancher by its admin, under names that no writer before had. */
export async function startWriter(stack: Stack): Promise<Running<WriterReport>> {
  const prefix = `written-${Date.now().toString(36)}`
  const settings = {
    target: await targetOf(stack),
    bearer: await login(stack.view, stack.password),
    namespace: 'default',
    prefix,
    bounds: { ...BOUNDS, everyMs: 500 },
  }
  return startChild<WriterSettings, WriterReport>(join(import.meta.dirname, 'steady-writes.ts'), settings)
}

async function targetOf({ name, hostname, tls }: Stack): Promise<Target> {
  return { hostname, ca: tls.ca, address: await balancerAddress(name) }
}
