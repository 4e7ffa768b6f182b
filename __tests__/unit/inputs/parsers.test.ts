import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  parseChart,
  parseDigest,
  parseEmail,
  parseEnvironment,
  parseNodeCount,
  parseStackName,
  parseUid,
  parseUser,
} from '../../../src/inputs/choice.ts'
import { parseCidr } from '../../../src/inputs/cidr.ts'
import { parseDuration, parseLife } from '../../../src/inputs/duration.ts'
import { Expected, parseBoolean, parseLines, parseOneOf } from '../../../src/inputs/expected.ts'
import { parseAddress, parseHostname } from '../../../src/inputs/hostname.ts'
import { parseKnownHosts } from '../../../src/inputs/known-hosts.ts'
import { LATER } from '../../../src/inputs/later.ts'
import { distance, nearest } from '../../../src/inputs/nearest.ts'
import { parseRegistryCredentials } from '../../../src/inputs/registry-credentials.ts'
import { inputNames } from '../../../src/inputs/schema.ts'
import { parseExactVersion, parseVersionOrPatch } from '../../../src/inputs/version.ts'
import { parseYamlMap } from '../../../src/inputs/yaml-map.ts'

/** Macro: each text is taken, and comes back as it was. */
function takes(parse: (text: string) => unknown, texts: string[]) {
  test.each(texts)('%j is taken', (text) => expect(parse(text)).toEqual(text))
}

/** Macro: each text is refused with Expected. */
function refuses(parse: (text: string) => unknown, texts: string[]) {
  test.each(texts)('%j is refused', (text) => expect(() => parse(text)).toThrow(Expected))
}

describe('durations', () => {
  test.each([
    ['0', 0],
    ['90s', 90_000],
    ['15m', 900_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
    ['5h30m', 19_800_000],
    ['1d2h3m4s', 93_784_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  refuses(parseDuration, ['', '5', '-5m', '5 m', '1.5h', 'h', '30m5h', '5M', '5 parsecs', 'soon'])

  test('what is written of days, hours, minutes and seconds is read as their sum', () => {
    const part = fc.option(fc.nat({ max: 9999 }))
    fc.assert(
      fc.property(fc.tuple(part, part, part, part), ([d, h, m, s]) => {
        const parts = [d, h, m, s].map((value, at) => (value === null ? '' : `${value}${'dhms'[at]}`))
        fc.pre(parts.some((text) => text !== ''))
        const seconds = (d ?? 0) * 86_400 + (h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0)
        expect(parseDuration(parts.join(''))).toBe(seconds * 1000)
      }),
    )
  })
})

describe('times to live', () => {
  test.each([
    ['1h', 3_600_000],
    ['60m', 3_600_000],
    ['365d', 31_536_000_000],
  ])('%s', (text, ms) => expect(parseLife(text)).toBe(ms))
  refuses(parseLife, ['59m', '0', '366d', '365d1s', 'soon'])
})

describe('host names', () => {
  takes(parseHostname, ['a.b1', 'a.1b', 'a.b', `${'abcdefg.'.repeat(31)}abcde`])
  refuses(parseHostname, ['a.12', 'a.1', `${'abcdefg.'.repeat(31)}abcdef`])
  takes(parseAddress, [`${'abcdefg.'.repeat(31)}abcde`, 'a', 'a1.2b'])
  refuses(parseAddress, [`${'abcdefg.'.repeat(31)}abcdef`, '10', '10.1.2.3.4'])

  test('are read in lower case', () => expect(parseHostname('Rancher.Example.ORG')).toBe('rancher.example.org'))
  refuses(parseHostname, [
    '',
    'rancher',
    'a..b',
    '.a.b',
    'a.b.',
    '-a.b',
    'a-.b',
    'a_b.c',
    'https://a.b',
    'a.b/c',
    '10.0.0.1',
    `${'a'.repeat(64)}.b`,
    `${'abcdefgh.'.repeat(29)}org`,
  ])

  test('of valid labels are taken', () => {
    fc.assert(fc.property(fc.domain(), (name) => expect(parseHostname(name)).toBe(name.toLowerCase())))
  })

  test('an address is a name or an IP', () => {
    expect(['10.0.0.1', 'fd00::1', 'node-1', 'a.b'].map(parseAddress)).toEqual(['10.0.0.1', 'fd00::1', 'node-1', 'a.b'])
  })
  refuses(parseAddress, ['', '10.0.0', '10.0.0.300', 'a b', 'a..b', '::g'])
})

describe('address ranges', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1/32'],
    ['fd00::/8', 'fd00::/8'],
    ['::1', '::1/128'],
  ])('%s', (text, range) => expect(parseCidr(text)).toBe(range))
  refuses(parseCidr, ['10.0.0.0/8x', '10.0.0.0/x8', '10.0.0.0/0008'])
  refuses(parseCidr, ['', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '::/129', 'a/8', '10.0.0.0/-1'])

  test('read twice is read once', () => {
    const range = fc.oneof(fc.tuple(fc.ipV4(), fc.nat({ max: 32 })), fc.tuple(fc.ipV6(), fc.nat({ max: 128 })))
    fc.assert(
      fc.property(range, ([address, length]) => {
        const once = parseCidr(`${address}/${length}`)
        expect(parseCidr(once)).toBe(once)
      }),
    )
  })
})

describe('versions', () => {
  test.each(['1.2.3', 'v1.2.3', 'v1.32.6-rancher1-1', '2.11.3-rc.1', 'v1.31.4+k3s1'])('%s', (text) =>
    expect(parseExactVersion(text)).toBe(text.replace('v', '')),
  )
  refuses(parseExactVersion, ['', '1.2', '1.x', 'latest', 'latest-patch', '1.2.3 ', '1.2.3.4', 'newest', 'vv1.2.3'])
  takes(parseExactVersion, ['10.2.3', '1.20.3', '1.2.30', '1.2.3+a.b-c'])
  takes(parseVersionOrPatch, ['10.2.3'])
  test('latest-patch where it is allowed', () => expect(parseVersionOrPatch('latest-patch')).toBe('latest-patch'))
  refuses(parseVersionOrPatch, ['latest', '1.2'])
})

describe('YAML maps', () => {
  test('are read', () => expect(parseYamlMap('a: 1\nb: [x]')).toEqual({ a: 1, b: ['x'] }))
  test('nothing is an empty one', () => expect(parseYamlMap('# nothing')).toEqual({}))
  refuses(parseYamlMap, ['a: [', '- a', 'text', '42', 'a: 1\na: 2', 'a: 1\n---\nb: 2', 'services: {'])
  test('the line of an error is told', () => expect(() => parseYamlMap('a: 1\nb: [')).toThrow(/line [23]/))

  test('any map is read back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (map) => {
        const plain = JSON.parse(JSON.stringify(map))
        expect(JSON.parse(JSON.stringify(parseYamlMap(JSON.stringify(plain))))).toEqual(plain)
      }),
    )
  })
})

describe('known hosts', () => {
  const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ0Qk3wTpFRyyDcrQ9ZGZyHqTzzo9XrxuO3yEXQbKlq1'
  test('are lines of known_hosts, or accept-new', () => {
    const lines = [
      `10.0.0.1,a ssh-ed25519 ${key}`,
      `[a.b]:2222 ecdsa-sha2-nistp256 ${key} remark`,
      `|1|x=|y= ssh-rsa ${key}`,
    ]
    expect(parseKnownHosts(`# mine\n${lines.join('\n')}\n`)).toEqual(lines)
    expect(parseKnownHosts('accept-new')).toBe('accept-new')
  })
  takes(
    (text) => parseKnownHosts(text).toString(),
    [
      `10.0.0.1  ssh-ed25519   ${key}`,
      `@cert-authority  *.example.org ssh-ed25519 ${key} a remark`,
      `@revoked *.example.org ssh-ed25519 ${key}`,
      `10.0.0.1 sk-ssh-ed25519@openssh.com ${key}`,
      '10.0.0.1 ssh-rsa AAAA+/9==',
    ],
  )
  refuses(parseKnownHosts, [
    `some host ssh-ed25519 ${key}`,
    `@other *.example.org ssh-ed25519 ${key}`,
    `10.0.0.1 ssh-ed25519 ${key}!`,
    `10.0.0.1 ssh-ed25519 ${key}===`,
  ])
  refuses(parseKnownHosts, [`ssh-ed25519 ${key}`, '10.0.0.1 ssh-ed25519', 'yes', `10.0.0.1 ed25519 ${key}`])
})

describe('registry credentials', () => {
  test('one a line', () =>
    expect(parseRegistryCredentials('r.example.org:5000 user pass')).toEqual([
      { registry: 'r.example.org:5000', username: 'user', password: 'pass' },
    ]))
  test('blanks between them may be several', () =>
    expect(parseRegistryCredentials('r  u\t p')).toEqual([{ registry: 'r', username: 'u', password: 'p' }]))
  refuses(parseRegistryCredentials, ['r', 'r u', 'r u p x'])
  test('no part of a wrong line is given back', () => {
    let error: unknown
    try {
      parseRegistryCredentials('r hunter2')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ name: 'Expected', got: '' })
  })
  test('a wrong line is told by number, never by content', () => {
    expect(() => parseRegistryCredentials('r u p\nr hunter2')).toThrow(/line 2/)
    expect(() => parseRegistryCredentials('r u p\nr hunter2')).not.toThrow(/hunter2/)
  })
})

describe('choices', () => {
  takes(parseStackName, ['a', 'a-1', 'pr-12', 'a'.repeat(40)])
  test.each([3, 5, 7])('%d nodes', (count) => expect(parseNodeCount(`${count}`)).toBe(count))
  const digest = '0123456789abcdef'.repeat(4)
  takes(parseDigest, [digest])
  refuses(parseDigest, [`${digest}0`, `x${digest}`, `0${digest}`, 'a', digest.toUpperCase()])
  const uid = '01234567-89ab-cdef-0123-456789abcdef'
  takes(parseUid, [uid])
  test('a UID is read in lower case', () => expect(parseUid(uid.toUpperCase())).toBe(uid))
  refuses(parseUid, [`${uid}0`, `0${uid}`, uid.replaceAll('-', ''), uid.replace('89ab-', ''), uid.replace('0', 'g')])
  takes(parseEnvironment, ['', 'production', 'pr 7/x', 'x'.repeat(255)])
  refuses(parseEnvironment, ['x'.repeat(256), 'a\nb', 'a\rb'])
  takes(parseUser, ['root', '_a', 'Admin', 'a.b-c_9'])
  refuses(parseUser, ['', '1a', '-a', '.a', 'a b', 'a!', '!a'])
  takes(parseEmail, ['ab@cd.ef', 'first.last@sub.example.org', 'a+b@c.d'])
  refuses(parseEmail, ['a@b.c d', 'a@b.c@d', ' a@b.c', 'a@b.c ', 'a@.c', 'a@b.', 'a@@b.c'])
  takes(parseChart, ['http://a.b/c', '../chart', 'a/b.tgz'])
  refuses(parseChart, ['rancher.tgzx', 'xhttps://a.b/c', 'https', 'a b.tgz', 'c:a.tgz'])
  refuses(parseBoolean, ['xtrue', 'truex', 'xfalse', 'falsex'])
  test.each([
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
    ['FALSE', false],
  ])('%s', (text, value) => expect(parseBoolean(text)).toBe(value))
  test('what is no choice is answered with the choice', () => {
    expect(parseOneOf('b', ['a', 'b'])).toBe('b')
    expect(() => parseOneOf('c', ['a', 'b'])).toThrow(/^one of a, b$/)
    expect(() => parseOneOf('c', ['a', 'b'], ['d'])).toThrow(/^one of a, b$/)
  })
  refuses(parseStackName, ['', 'A', '1a', 'a_b', '-a', 'a'.repeat(41)])
  refuses(parseNodeCount, ['1', '2', '4', '9', 'three', '', '33', '3.0'])
  refuses(parseChart, ['newest', 'ftp://a', 'chart dir', ''])
  refuses(parseDigest, ['abc', 'g'.repeat(64)])
  refuses(parseUid, ['abc', ''])
  refuses(parseEmail, ['a', 'a@b', '@b.c', 'a b@c.d'])
  refuses(parseBoolean, ['yes', 'maybe', '1', '', 'tRUE'])
  refuses((text) => parseOneOf(text, ['a', 'b']), ['c', ''])
  test('what comes later is answered as such', () => {
    expect(() => parseOneOf('c', ['a'], ['c'])).toThrow('one of a (c is not available in this version)')
  })
  test('no input is both there and to come', () => {
    expect([...inputNames()].filter((name) => LATER.has(name))).toEqual([])
  })
  test('charts by channel, address or path', () => {
    const good = ['stable', 'latest', 'alpha', 'https://a.b/c', 'oci://a.b/c', './chart', '/a/b', 'rancher-2.11.3.tgz']
    expect(good.map(parseChart)).toEqual(good)
  })
  test('lines lose blanks, empty ones and remarks', () => expect(parseLines(' a \n\n# b\r\nc')).toEqual(['a', 'c']))
})

describe('the nearest name', () => {
  test.each([
    ['hostnam', 'hostname'],
    ['dry_run', 'dry-run'],
    ['kubernets-version', 'kubernetes-version'],
    ['something-else-entirely', undefined],
  ])('%s → %s', (text, name) => expect(nearest(text, inputNames())).toBe(name))

  test('distance is a metric', () => {
    const word = fc.string({ maxLength: 8 })
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(distance(a, a)).toBe(0)
        expect(distance(a, b)).toBe(distance(b, a))
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c))
      }),
    )
  })
})
