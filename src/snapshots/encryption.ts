import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type Refusal, StackError } from '../errors.ts'

const AGE_MAGIC = Buffer.from('age-encryption.org/v1\n')

/** @returns whether a file that begins so is encrypted with age */
export function isEncrypted(beginning: Buffer): boolean {
  return beginning.subarray(0, AGE_MAGIC.length).equals(AGE_MAGIC)
}

/** Recipients that age does not know: a key that was mistyped is told before a snapshot is taken. */
export async function refuseRecipients(recipients: string[]): Promise<Refusal[]> {
  if (recipients.length === 0) return []
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  return recipients.flatMap((recipient): Refusal[] => {
    try {
      encrypter.addRecipient(recipient)
      return []
    } catch {
      const what = `expected public keys of age, got "${recipient}", whose check digits are wrong.`
      return [{ kind: 'input', subject: 'backup-recipients', what, next: 'Copy the public key again.' }]
    }
  })
}

/** Encrypts to every recipient, as `age -r` does. */
export async function encrypt(plain: AsyncIterable<Buffer>, recipients: string[]): Promise<AsyncIterable<Buffer>> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return buffers(await encrypter.encrypt(webStream(plain)))
}

/**
 * Decrypts with whichever of the identities fits, as `age -d -i` does.
 *
 * @throws StackError of kind `snapshot` when none fits; what is damaged throws while it is read
 */
export async function decrypt(stored: AsyncIterable<Buffer>, identities: string[]): Promise<AsyncIterable<Buffer>> {
  if (identities.length === 0) {
    throw new StackError('snapshot', 'The snapshot is encrypted, and there is no identity to open it with.', {
      stands: 'Nothing was touched.',
      next: 'Set backup-identity to the age identity of one of its recipients.',
    })
  }
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  try {
    return buffers(await decrypter.decrypt(webStream(stored)))
  } catch (cause) {
    throw new StackError('snapshot', `The snapshot cannot be decrypted: ${(cause as Error).message}.`, {
      stands: 'Nothing was touched.',
      next: 'Check backup-identity: it must belong to one of the recipients the snapshot was encrypted to.',
      cause,
    })
  }
}

type Bytes = import('age-encryption').ReadableStreamWithSize

function webStream(source: AsyncIterable<Buffer>): Bytes {
  return Readable.toWeb(Readable.from(source, { objectMode: false })) as unknown as Bytes
}

async function* buffers(stream: unknown): AsyncGenerator<Buffer> {
  for await (const chunk of stream as ReadableStream<Uint8Array>) {
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
}
