import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { certificateProblem, isKeyOf, parseCertificates } from '../../../src/inputs/certificate.ts'
import { parsePemKey, parsePrivateKeys } from '../../../src/inputs/private-key.ts'
import { pemBlock } from '../../fakes/pem-block.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const openSshKey = (name: string, type: string, passphrase: string) => {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-b', '2048', '-N', passphrase, '-C', '', '-f', join(folder, name)])
  return read(name)
}
const certificate = (name: string, subjectAltName: string) => {
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`, '-days', '2']
  const files = ['-nodes', '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, ...files], { stdio: 'ignore' })
  return { pem: read(`${name}.crt`), key: read(`${name}.key`) }
}

describe('private keys', () => {
  test.each(['ed25519', 'rsa'])('an unlocked %s key of OpenSSH is taken, a locked one refused', (type) => {
    const open = openSshKey(`${type}-open`, type, '')
    expect(parsePrivateKeys(open.trim())).toEqual([open])
    expect(() => parsePrivateKeys(openSshKey(`${type}-locked`, type, 'open sesame'))).toThrow(/passphrase/)
  })

  test('several keys, in PEM or of OpenSSH, with line ends of any kind', () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    const open = openSshKey('several', 'ed25519', '')
    expect(parsePrivateKeys(`${open}\n${pem}`.replaceAll('\n', '\r\n'))).toEqual([open, pem])
  })

  test('a locked key in PEM is refused', () => {
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
    const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(options)
    expect(() => parsePrivateKeys(String(locked))).toThrow(/passphrase/)
    expect(() => parsePemKey(String(locked))).toThrow(/passphrase/)
  })

  test.each(['', 'ssh-ed25519 AAAA', pemBlock('OPENSSH PRIVATE KEY', 'AAAA').trimEnd()])('%j is refused', (text) =>
    expect(() => parsePrivateKeys(text)).toThrow(/expected|private key/),
  )

  test('a key that lost its end is refused, and not repeated', () => {
    const half = openSshKey('half', 'ed25519', '').slice(0, 120)
    expect(() => parsePrivateKeys(half)).toThrow(/whole/)
    expect(() => parsePrivateKeys(half)).not.toThrow(half.slice(60, 80))
  })
})

describe('certificates', () => {
  let mine: { pem: string; key: string }
  let wildcard: { pem: string; key: string }
  beforeAll(() => {
    mine = certificate('mine', 'DNS:rancher.example.org')
    wildcard = certificate('wildcard', 'DNS:*.example.org')
  })
  const now = () => new Date()

  test('of this name serve it, also by wildcard', () => {
    expect(certificateProblem(mine.pem, 'rancher.example.org', now())).toBeUndefined()
    expect(certificateProblem(wildcard.pem, 'rancher.example.org', now())).toBeUndefined()
  })

  test('of another name do not, and both names are told', () => {
    expect(certificateProblem(mine.pem, 'other.example.org', now())).toMatch(
      /other\.example\.org.*rancher\.example\.org/,
    )
    expect(certificateProblem(wildcard.pem, 'a.b.example.org', now())).toMatch(/a\.b\.example\.org/)
  })

  test('serve while they are valid', () => {
    const day = 86_400_000
    expect(certificateProblem(mine.pem, 'rancher.example.org', new Date(Date.now() + 3 * day))).toMatch(/ended/)
    expect(certificateProblem(mine.pem, 'rancher.example.org', new Date(Date.now() - day))).toMatch(/begins/)
  })

  test('go with their own key only', () => {
    expect(isKeyOf(mine.pem, mine.key)).toBe(true)
    expect(isKeyOf(mine.pem, wildcard.key)).toBe(false)
  })

  test('a chain is kept in its order; what is none is refused', () => {
    expect(parseCertificates(`x\n${mine.pem}y\n${wildcard.pem}`)).toBe(`${mine.pem}${wildcard.pem}`)
    expect(() => parseCertificates('hello')).toThrow(/PEM/)
    expect(() => parseCertificates(mine.pem.replace(/\n.{20}/, '\n'))).toThrow(/number 1/)
  })
})
