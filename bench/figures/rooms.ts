import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A part of the house, and how far below it each folder counts for itself. */
export type Room = { name: string; files: string[] }

const LEFT_OUT = /(^|\/)(node_modules|modules|\.venv|__snapshots__|build)\//

/** The rooms of a folder: each folder in it, and what lies in it beside them; paths are relative to the root. */
export function roomsOf(root: string, folder: string): Room[] {
  const files = filesBelow(root, folder)
  const rooms = Map.groupBy(files, (file) => {
    const [first = '', ...rest] = file.slice(folder.length + 1).split('/')
    return rest.length === 0 ? folder : `${folder}/${first}`
  })
  return [...rooms]
    .map(([name, found]) => ({ name, files: found }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'))
}

/** All files below a folder that people wrote, sorted; paths are relative to the root. */
export function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !LEFT_OUT.test(file))
    .sort()
}
