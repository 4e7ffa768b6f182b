import type { Endpoint } from './known-hosts.ts'

export type SshTarget = Endpoint & { user: string }

export type MasterOptions = {
  keyFiles: string[]
  /** Files of known_hosts lines; a first contact is written to the first of them. */
  knownHostsFiles: string[]
  acceptNew: boolean
  controlPath: string
  connectTimeoutS: number
  /** Command line of a local shell whose input and output are the connection. */
  proxyCommand: string | undefined
}

/** Arguments of the client that opens the one connection to a machine. Nothing of the user's own ssh setup counts. */
export function masterArguments(target: SshTarget, options: MasterOptions, command: string): string[] {
  const { keyFiles, proxyCommand } = options
  return [
    ...common(options.controlPath),
    ...option('ControlMaster', 'yes'),
    ...option('UserKnownHostsFile', options.knownHostsFiles.map(quoted).join(' ')),
    ...option('GlobalKnownHostsFile', 'none'),
    ...option('StrictHostKeyChecking', options.acceptNew ? 'accept-new' : 'yes'),
    ...option('UpdateHostKeys', 'no'),
    ...option('HashKnownHosts', 'no'),
    ...option('IdentitiesOnly', 'yes'),
    ...option('PreferredAuthentications', 'publickey'),
    ...option('ConnectTimeout', String(options.connectTimeoutS)),
    ...option('ServerAliveInterval', '5'),
    ...option('ServerAliveCountMax', '3'),
    ...option('LogLevel', 'DEBUG1'),
    ...(keyFiles.length === 0 ? ['none'] : keyFiles.map(quoted)).flatMap((file) => option('IdentityFile', file)),
    ...(proxyCommand === undefined ? [] : option('ProxyCommand', proxyCommand)),
    ...destination(target),
    command,
  ]
}

/**
 * Arguments of a client that only ever goes through the master. Without the `ProxyCommand` a client that finds no
 * master dials the network by itself, unpinned.
 */
export function clientArguments(target: SshTarget, controlPath: string, ...rest: string[]): string[] {
  return [...common(controlPath), ...option('ProxyCommand', 'exit 255'), ...rest, ...destination(target)]
}

function common(controlPath: string): string[] {
  return [
    ...['-F', 'none', '-T'],
    ...option('BatchMode', 'yes'),
    ...option('IdentityAgent', 'none'),
    ...option('ForwardAgent', 'no'),
    ...option('ForwardX11', 'no'),
    ...option('ControlPath', quoted(controlPath)),
  ]
}

function destination({ user, address, port }: SshTarget): string[] {
  return ['-p', String(port), '-l', user, '--', address]
}

function option(name: string, value: string): string[] {
  return ['-o', `${name}=${value}`]
}

/** A path as one word of an option: ssh splits at blanks and expands %-tokens. @see ssh_config(5), TOKENS */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
