import type { Node } from '../../../src/node.ts'
import type { Host, Hosts } from '../../../src/remote/host.ts'

/** A node whose every command is answered by `run`; forwards end at `forwardTo` of this machine. */
export function fakeHost(name: string, run: (command: string) => string | Promise<string>, forwardTo?: number): Host {
  const unannounced = () => {
    throw new Error('nobody announced this')
  }
  const address = '127.0.0.1'
  const node: Node = { name, address, port: 22, privateAddress: address, user: 'x', state: 'running', hostKeys: [] }
  return {
    node,
    run: async (command) => run(command),
    try: unannounced,
    write: unannounced,
    pipe: unannounced,
    save: unannounced,
    forward: async () => {
      if (forwardTo === undefined) throw new Error('no way through')
      return { port: forwardTo, [Symbol.asyncDispose]: async () => {} }
    },
  }
}

export function fakeHosts(...reached: Host[]): Hosts {
  return {
    reached,
    unreached: [],
    get: (name) => reached.find(({ node }) => node.name === name),
    [Symbol.asyncDispose]: async () => {},
  }
}
