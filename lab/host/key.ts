import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Names a thing by what it is made from: 16 hex digits. */
export function keyOf(...inputs: string[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16)
}

/** What a folder holds as one input of a key: names, executable bits and contents, in order. */
export async function folderInput(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    const executable = ((await stat(file)).mode & 0o100) !== 0
    hash.update(`${file.slice(folder.length)}\0${executable}\0`).update(await readFile(file))
  }
  return hash.digest('hex')
}

/** SHA-256 of a file of any size, in hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
