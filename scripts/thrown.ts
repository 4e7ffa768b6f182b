// Finds every error and refusal the code can end in, by its syntax tree.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/** One way a run can fail. What is computed at run time reads as "…". */
export type Thrown = {
  /** Where it is made: "src/mode.ts:17". */
  at: string
  /** "…" where it is passed on from another error. */
  kind: string
  /** For a refusal, its subject and what is wrong. Only "…" where another error's words are passed on. */
  message: string
  stands: string | undefined
  next: string | undefined
}

const HOLE = '…'

/** What the parameters of the function around an error are set to by one call of it. */
type Bound = Map<string, ts.Expression>

/** Every `new StackError(…)` and every refusal below src/, in the order of the files. */
export function thrownErrors(root: string): Thrown[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
  return files.flatMap((name) => {
    const path = join(root, 'src', name)
    return errorsIn(ts.createSourceFile(relative(root, path), readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true))
  })
}

function errorsIn(source: ts.SourceFile): Thrown[] {
  const found: Thrown[] = []
  walk(source, (node) => {
    const parts = partsOfError(node) ?? partsOfRefusal(node)
    if (parts === undefined) return
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    for (const bound of callsAround(node, source)) found.push(...errorsOf(parts, bound, `${source.fileName}:${line}`))
  })
  return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()]
}

type Parts = Partial<Record<'kind' | 'subject' | 'what' | 'stands' | 'next', ts.Expression>> & { isRefusal: boolean }

function partsOfError(node: ts.Node): Parts | undefined {
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'StackError') return undefined
  const [kind, what, more] = node.arguments ?? []
  if (kind === undefined || what === undefined) return undefined
  return { ...partsOf(more), kind, what, isRefusal: false }
}

/** An object with the four parts of a refusal. */
function partsOfRefusal(node: ts.Node): Parts | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined
  const parts = partsOf(node)
  const { kind, subject, what, next } = parts
  return kind && subject && what && next ? { ...parts, isRefusal: true } : undefined
}

function partsOf(node: ts.Expression | undefined): Omit<Parts, 'isRefusal'> {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return {}
  const pairs = node.properties.flatMap((each): [string, ts.Expression][] => {
    if (ts.isPropertyAssignment(each)) return [[each.name.getText(), each.initializer]]
    return ts.isShorthandPropertyAssignment(each) ? [[each.name.getText(), each.name]] : []
  })
  return Object.fromEntries(pairs)
}

function errorsOf(parts: Parts, bound: Bound, at: string): Thrown[] {
  const said = (part: ts.Expression | undefined) =>
    part === undefined ? undefined : [...new Set(textsOf(part, bound))].join(' / ')
  const subjects = parts.isRefusal ? textsOf(parts.subject, bound).map((subject) => `${subject}: `) : ['']
  const stands = parts.isRefusal ? 'Nothing was changed.' : said(parts.stands)
  const kind = said(parts.kind) ?? HOLE
  return subjects.flatMap((subject) =>
    textsOf(parts.what, bound).map((what) => ({
      at,
      kind,
      message: squeezed(`${subject}${what}`),
      stands,
      next: said(parts.next),
    })),
  )
}

/** One set of arguments for each call, in this file, of the function around; a single empty one when there is none. */
function callsAround(node: ts.Node, source: ts.SourceFile): Bound[] {
  const around = functionAround(node)
  if (around === undefined) return [new Map()]
  const calls: Bound[] = []
  walk(source, (each) => {
    if (!ts.isCallExpression(each) || each.expression.getText() !== around.name) return
    const pairs = around.parameters.flatMap((parameter, index): [string, ts.Expression][] => {
      const value = each.arguments[index] ?? parameter.initializer
      return value === undefined || !ts.isIdentifier(parameter.name) ? [] : [[parameter.name.text, value]]
    })
    calls.push(new Map(pairs))
  })
  return calls.length === 0 ? [new Map()] : calls
}

function functionAround(node: ts.Node) {
  for (let up = node.parent; up !== undefined; up = up.parent) {
    if (ts.isFunctionDeclaration(up)) return { name: up.name?.text ?? '', parameters: up.parameters }
    if (ts.isArrowFunction(up) && ts.isVariableDeclaration(up.parent)) {
      return { name: up.parent.name.getText(), parameters: up.parameters }
    }
  }
  return undefined
}

/** The texts an expression may be; a choice has several. */
function textsOf(node: ts.Expression | undefined, bound: Bound): string[] {
  if (node === undefined) return [HOLE]
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isTemplateExpression(node)) return [templateText(node, bound)]
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue, bound), ...textsOf(node.whenFalse, bound)]
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression, bound)
  if (ts.isIdentifier(node)) {
    const given = bound.get(node.text)
    return given === undefined ? textsOfName(node, bound) : textsOf(given, new Map())
  }
  return [HOLE]
}

/** What a parameter was given stands in the text where it is one text alone. */
function templateText(node: ts.TemplateExpression, bound: Bound): string {
  const parts = node.templateSpans.map(({ expression, literal }) => {
    const given = ts.isIdentifier(expression) && bound.has(expression.text) ? textsOf(expression, bound) : []
    return `${given.length === 1 ? given[0] : HOLE}${literal.text}`
  })
  return [node.head.text, ...parts].join('')
}

/** What a name was set to where it is declared, in the nearest scope of this file. */
function textsOfName(name: ts.Identifier, bound: Bound): string[] {
  for (let scope: ts.Node = name.parent; scope !== undefined; scope = scope.parent) {
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue
      const declared = statement.declarationList.declarations.find((each) => each.name.getText() === name.text)
      if (declared?.initializer !== undefined) return textsOf(declared.initializer, bound)
    }
  }
  return [HOLE]
}

function squeezed(text: string): string {
  return text.replaceAll(/…(\s*…)+/g, HOLE)
}

function walk(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node)
  ts.forEachChild(node, (child) => walk(child, look))
}
