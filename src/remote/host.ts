import type { Readable } from 'node:stream'
import type { Node } from '../node.ts'

export type CommandOptions = {
  /** Written to the command's standard input. The only way a secret reaches a node. */
  input?: string | Buffer | Readable
  /** Run as root. */
  sudo?: boolean
  /** Default 60 s. */
  deadlineMs?: number
  signal?: AbortSignal
}

export type CommandResult = { exitCode: number; stdout: string; stderr: string }

/** A port on 127.0.0.1 of the runner that ends at the node. */
export interface Forward extends AsyncDisposable {
  readonly port: number
}

/** One reachable node: commands, files and forwards over one pinned, multiplexed SSH connection. */
export interface Host {
  readonly node: Node
  /** Standard output of a command that must succeed. @throws StackError of kind `ssh`, or `kubernetes` never: callers give meaning. */
  run(command: string, options?: CommandOptions): Promise<string>
  /** The same without judging the exit code. @throws StackError of kind `ssh` only when the node cannot be reached or the deadline ends. */
  try(command: string, options?: CommandOptions): Promise<CommandResult>
  /** Writes a file as root, atomically: all of it or nothing. */
  write(path: string, content: string | Buffer | Readable, mode: string): Promise<void>
  /** Streams a local file into a command's standard input (for example `docker load`). */
  pipe(localPath: string, command: string, options?: CommandOptions): Promise<string>
  /** Streams a command's standard output into a local file (mode 0600), anew. What is there after an error is no whole file. */
  save(command: string, localPath: string, options?: CommandOptions): Promise<void>
  /** Forwards a free port of 127.0.0.1 to host:port as seen from the node. */
  forward(host: string, port: number): Promise<Forward>
}

/** The hosts that answer, and why the others do not. Closing it ends every connection. */
export interface Hosts extends AsyncDisposable {
  readonly reached: Host[]
  readonly unreached: { node: Node; why: string }[]
  get(name: string): Host | undefined
}

/** How nodes are reached. Key material lives in files of mode 0600 below `folder`. */
export type Access = {
  /** Paths of private keys, tried in order. */
  keyFiles: string[]
  /** A machine to pass through ("user@address:port"), pinned in `knownHosts`. */
  bastion?: string
  /** Further known_hosts lines. */
  knownHosts: string[]
  /** Trust what a node presents at first contact, and print it. Only when asked for. */
  acceptNew: boolean
}
