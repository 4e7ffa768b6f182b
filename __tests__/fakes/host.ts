import { writeFile } from 'node:fs/promises'
import { StackError } from '../../src/errors.ts'
import type { Node } from '../../src/node.ts'
import type { CommandOptions, CommandResult, Host, Hosts } from '../../src/remote/host.ts'

/** What the twin was told to do, in order. */
export type Received =
  | { command: string; input: string | undefined; sudo: boolean }
  | { write: string; content: string; mode: string }

type Answer =
  | string
  | Partial<CommandResult>
  | ((options: CommandOptions) => string | Partial<CommandResult> | Promise<string>)

export type FakeHost = Host & {
  /** Announces a command, by a part of it or a pattern; the one announced last wins. */
  answers(command: string | RegExp, answer: Answer): FakeHost
  /** Where a forward to host:port ends: a port of this machine. */
  forwards(target: string, port: number): FakeHost
  readonly received: Received[]
}

/** The scripted twin of a node: answers what was announced, remembers what it received, fails on anything else. */
export function fakeHost(node: Node): FakeHost {
  const scripted: { command: string | RegExp; answer: Answer }[] = []
  const targets = new Map<string, number>()
  const received: Received[] = []

  async function answer(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    received.push({ command, input: await inputOf(options), sudo: options.sudo ?? false })
    const found = scripted.findLast((one) =>
      typeof one.command === 'string' ? command.includes(one.command) : one.command.test(command),
    )
    if (found === undefined) throw new Error(`${node.name}: nobody announced the command: ${command}`)
    const said = typeof found.answer === 'function' ? await found.answer(options) : found.answer
    return { exitCode: 0, stdout: '', stderr: '', ...(typeof said === 'string' ? { stdout: said } : said) }
  }

  const host: FakeHost = {
    node,
    received,
    answers(command, answer) {
      scripted.push({ command, answer })
      return host
    },
    forwards(target, port) {
      targets.set(target, port)
      return host
    },
    try: answer,
    async run(command, options) {
      const { exitCode, stdout, stderr } = await answer(command, options)
      if (exitCode !== 0)
        throw new StackError('ssh', `${node.name}: ${command} ended with exit code ${exitCode}: ${stderr}`)
      return stdout
    },
    async write(path, content, mode) {
      received.push({ write: path, content: (await inputOf({ input: content })) ?? '', mode })
    },
    pipe: async (localPath, command, options) => await host.run(`${command} < ${localPath}`, options),
    save: async (command, localPath, options) =>
      await writeFile(localPath, await host.run(command, options), { mode: 0o600 }),
    async forward(address, port) {
      const local = targets.get(`${address}:${port}`)
      if (local === undefined) throw new Error(`${node.name}: nobody announced a forward to ${address}:${port}`)
      return { port: local, [Symbol.asyncDispose]: async () => {} }
    },
  }
  return host
}

export function fakeHosts(reached: Host[], unreached: Hosts['unreached'] = []): Hosts {
  return {
    reached,
    unreached,
    get: (name) => reached.find(({ node }) => node.name === name),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function inputOf({ input }: CommandOptions): Promise<string | undefined> {
  if (input === undefined) return undefined
  if (typeof input === 'string' || Buffer.isBuffer(input)) return input.toString()
  return Buffer.concat(await input.toArray()).toString()
}
