import { isIP } from 'node:net'
import { StackError } from '../../errors.ts'

/** @see AWS, "Authorize inbound traffic for your Linux instances": the address of your own computer */
const PLACE = 'https://checkip.amazonaws.com'
const ANSWER_MS = 10_000

/** The address this machine has on the internet. @throws StackError of kind `preflight` when it cannot be learnt */
export async function ownAddress(signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(PLACE, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) })
    const address = (await answer.text()).trim()
    if (isIP(address) !== 0) return address
    throw new Error(`${PLACE} answers ${answer.status}`)
  } catch (cause) {
    signal.throwIfAborted()
    throw new StackError('preflight', 'runner-cidr: the address of this runner on the internet could not be learnt.', {
      stands: 'Nothing was changed.',
      next: 'Set runner-cidr to the ranges it comes from, or aws-address to private where it is in the network.',
      cause,
    })
  }
}
