import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeLines, isCode } from './code-lines.ts'
import { type Room, roomsOf } from './rooms.ts'

const FOLDERS = ['src', 'scripts', 'bench', 'lab', '__tests__']

/** Lines of code of each room, and of each folder as a whole. */
export function codeSection(root: string): string {
  const rows = FOLDERS.flatMap((folder) => {
    const rooms = roomsOf(root, folder)
      .map((room) => counted(root, room))
      .filter(({ files }) => files > 0)
    const all = { name: folder, files: sum(rooms, 'files'), lines: sum(rooms, 'lines') }
    return [
      `| **${shown(folder)}** | **${all.files}** | **${all.lines}** |`,
      ...rooms.map(
        ({ name, files, lines }) =>
          `| ${name === folder ? `${shown(name)}, beside` : shown(name)} | ${files} | ${lines} |`,
      ),
    ]
  })
  return `| Room | Files | Lines of code |
| --- | --- | --- |
${rows.join('\n')}

TypeScript, JavaScript, Go, shell and Python; blank lines and lines of nothing but a comment are not counted.`
}

type Count = { name: string; files: number; lines: number }

function counted(root: string, { name, files }: Room): Count {
  const programs = files.filter(isCode)
  const lines = programs.map((file) => codeLines(file, readFileSync(join(root, file), 'utf8')))
  return { name, files: programs.length, lines: lines.reduce((all, each) => all + each, 0) }
}

const sum = (counts: Count[], what: 'files' | 'lines') => counts.reduce((all, each) => all + each[what], 0)
const shown = (name: string) => `\`${name}\``
