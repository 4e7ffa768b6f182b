import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect } from 'expect'
import { LOCAL_IMAGE, labInputs } from '../../lab/settings.ts'
import type { RunOptions } from '../runner/runner.ts'
import { act, type Done, type Stack, succeeds } from './stack.ts'

type Inputs = Record<string, string>

/** A folder that keeps snapshots, and the keys that belong to it: what an owner has when everything else is gone. */
export type Vault = AsyncDisposable & {
  folder: string
  identity: string
  /** Inputs that let a mode keep snapshots here. */
  keeps: Inputs
  /** Inputs that let restore open them; the signer is known once a backup was taken. */
  opens(): Inputs
  backup(changed?: Inputs, options?: RunOptions): Promise<Done>
  restore(changed?: Inputs, options?: RunOptions): Promise<Done>
  upgrade(changed?: Inputs, options?: RunOptions): Promise<Done>
  /** Names of the files, oldest first. */
  files(): Promise<string[]>
}

/** @param at how a stack that is not on this machine is named and reached, and where its runs run */
export async function openVault(
  stack: Stack,
  at: { identity: Inputs; where: (options: RunOptions) => RunOptions } = {
    identity: { provider: 'local', name: stack.name, 'local-image': LOCAL_IMAGE },
    where: (options) => options,
  },
): Promise<Vault> {
  const folder = await mkdtemp(join(tmpdir(), 'vault-'))
  const identity = await generateX25519Identity()
  const keeps = { 'backup-to': `file:${folder}`, 'backup-recipients': await identityToRecipient(identity) }
  const { 'airgap-bundle': bundle = '' } = labInputs({ name: stack.name, hostname: stack.hostname })
  const common = { ...at.identity, 'airgap-bundle': bundle, ...keeps }
  let signer = ''
  const opens = () => ({ 'backup-identity': identity, 'snapshot-signer': signer })
  return {
    folder,
    identity,
    keeps,
    opens,
    async backup(changed = {}, options = {}) {
      const done = await act(`${stack.name}-backup`, { ...common, mode: 'backup', ...changed }, at.where(options))
      signer = done.outputs['snapshot-signer'] || signer
      return done
    },
    restore: (changed = {}, options = {}) =>
      act(`${stack.name}-restore`, { ...common, mode: 'restore', ...opens(), ...changed }, at.where(options)),
    upgrade: (changed = {}, options = {}) =>
      act(`${stack.name}-upgrade`, { ...common, mode: 'upgrade', ...changed }, at.where(options)),
    files: async () => (await readdir(folder)).filter((name) => !name.startsWith('.')).sort(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A backup that succeeded, seen as a file that nobody without the identity can read. */
export async function backedUp(vault: Vault): Promise<Done> {
  const before = await vault.files()
  const done = await succeeds(vault.backup())
  const after = await vault.files()
  expect(after).toHaveLength(before.length + 1)
  expect(done.outputs['snapshot-path']).toBe(
    join(vault.folder, after.find((file) => !before.includes(file)) ?? 'nothing new'),
  )
  expect(after.every((file) => file.endsWith('.tar.age'))).toBe(true)
  return done
}
