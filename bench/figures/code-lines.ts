import ts from 'typescript'

const SCRIPTS = /\.(ts|js|mjs|cjs)$/
const SLASHES = /\.(go)$/
const HASHES = /\.(sh|py)$/

/** Whether lines of the file are counted: it is a program, not data, a page or a picture. */
export function isCode(file: string): boolean {
  return [SCRIPTS, SLASHES, HASHES].some((each) => each.test(file))
}

/** How many lines hold code: blank lines and lines of nothing but a comment do not count. Pure. */
export function codeLines(file: string, text: string): number {
  if (SCRIPTS.test(file)) return linesOfTokens(text)
  return (HASHES.test(file) ? text : withoutComments(text))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !(HASHES.test(file) && line.startsWith('#') && !line.startsWith('#!'))).length
}

/** By the syntax tree, so that a comment in a text is text and a template of many lines counts whole. */
function linesOfTokens(text: string): number {
  const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true)
  const lines = new Set<number>()
  const look = (node: ts.Node) => {
    if (node.kind === ts.SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) return
    const children = node.getChildren(source)
    if (children.length > 0) return children.forEach(look)
    if (node.getWidth(source) === 0) return
    const [first, last] = [node.getStart(source), node.getEnd()].map(
      (at) => source.getLineAndCharacterOfPosition(at).line,
    )
    for (let line = first ?? 0; line <= (last ?? 0); line++) lines.add(line)
  }
  look(source)
  return lines.size
}

function withoutComments(text: string): string {
  return text.replaceAll(/("(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1')
}
