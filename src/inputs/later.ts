import { parseCidr } from './cidr.ts'
import { parseDuration } from './duration.ts'
import { Expected, parseLines } from './expected.ts'

const CIDRS = (text: string) => void parseLines(text).map(parseCidr)
const RUNNER_CIDRS = (text: string) => (text === 'auto' ? undefined : CIDRS(text))
const ANY = () => undefined

/**
 * Inputs whose names are settled, and that this version answers with a clear no: a stack must not come up
 * without what was asked for. What is malformed is told as such.
 */
export const LATER: Record<string, (text: string) => unknown> = {
  ...Object.fromEntries(
    ['role', 'region', 'vpc', 'subnets', 'instance-type', 'image', 'volume-size', 'kms-key', 'hosted-zone']
      .concat('address', 'spot', 'tags')
      .map((name) => [`aws-${name}`, ANY]),
  ),
  'load-balancer-scheme': ANY,
  'allowed-cidrs': CIDRS,
  'runner-cidr': RUNNER_CIDRS,
  'api-listener': ANY,
  'dns-wait': parseDuration,
  ttl: parseDuration,
  'restore-window': parseDuration,
  'on-failure': ANY,
  'http-proxy': ANY,
  'no-proxy': ANY,
}

/** What an input of a later version gets as its answer. */
export function answerLater(name: string, text: string): string {
  try {
    LATER[name]?.(text)
  } catch (thrown) {
    if (!(thrown instanceof Expected)) throw thrown
    return `expected ${thrown.message}, got "${thrown.got ?? text}"; besides, this version does not have it yet`
  }
  return 'is not available in this version'
}
