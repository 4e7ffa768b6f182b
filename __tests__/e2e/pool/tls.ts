import { expect } from '@jest/globals'
import { makeTls } from '../eye/certificates.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { expectAllYes, expectHealthy, expectNothingLeft, type Seen } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Done, type Stack, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

/** Rancher makes up an authority, and cert-manager (here its stand-in) signs with it. */
const OWN = { 'tls-source': 'rancher', 'tls-certificate': '', 'tls-private-key': '', 'tls-ca': '' }
const IN_ORDER = [/^Install cert-manager /, /^Prove that cert-manager's webhook answers$/, /^(Install|Bring) Rancher /]

export const tls: Case[] = [
  {
    name: 'tls-source: rancher: cert-manager first, its webhook waited for; what Rancher’s own authority signs is served',
    from: 'bare',
    deadlineMs: minutes(12),
    async run(stack) {
      await expectServesOwn(stack, await succeeds(stack.install(OWN)))
    },
  },
  {
    name: 'tls-source changed to rancher on a stack that stands: the certificate is another one, the cluster is the same',
    from: 'healthy',
    deadlineMs: minutes(12),
    async run(stack) {
      const { uid, ca } = await expectHealthy(stack)
      const after = await expectServesOwn(stack, await succeeds(stack.install(OWN)))
      expect({ uid: after.uid, ca: after.ca }).toEqual({ uid, ca })
    },
  },
  {
    name: 'tls-source changed to secret: cert-manager lets go of the certificate, and the one that is given stays',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      await succeeds(stack.install(OWN))
      // The ingress controller of the lab takes the certificate that was made last.
      const { certificate, privateKey, ca } = makeTls(stack.hostname)
      const given = { 'tls-certificate': certificate, 'tls-private-key': privateKey, 'tls-ca': ca }
      expectAllYes(await succeeds(stack.install(given)))
      await expectNothingLeft(stack, given)
      await expectHealthy({ ...stack, view: { ...stack.view, ca } })
    },
  },
]

/** All yes on the authority that Rancher keeps in its own Secret, and nothing left to do. */
async function expectServesOwn(stack: Stack, done: Done): Promise<Seen> {
  expectAllYes(done)
  const ended = done.lines.flatMap((line) => /✓ \[\d+\/\d+\] (.+) \(/.exec(line)?.[1] ?? [])
  const places = IN_ORDER.map((title) => ended.findIndex((each) => title.test(each)))
  expect({ ended, places }).toEqual({ ended, places: places.filter((at) => at >= 0).toSorted((a, b) => a - b) })

  await expectNothingLeft(stack, OWN)
  const kubectl = await openKubectl(stack.name)
  const kept = await kubectl('-n', 'cattle-system', 'get', 'secret', 'tls-rancher', '-o', 'jsonpath={.data.tls\\.crt}')
  const authority = Buffer.from(kept, 'base64').toString('utf8')
  return await expectHealthy({ ...stack, view: { ...stack.view, ca: authority } })
}
