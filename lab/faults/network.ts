import { run } from '../host/command.ts'
import { docker } from '../host/docker.ts'
import { containerOf, type StackMachine } from './machines.ts'

/** What is undone by disposing; undoing twice, or on a machine that is gone, does no harm. */
export type Fault = AsyncDisposable

/** Cuts a machine from the network: nothing gets in or out of its card, and nobody is told. Its loopback lives. */
export function cut(machine: StackMachine): Promise<Fault> {
  return filter(machine, 'cut', ['iifname "eth0" drop'], ['oifname "eth0" drop'])
}

/** Drops what arrives at one TCP port of a machine from outside; connections that stand fall silent, too. */
export function block(machine: StackMachine, port: number): Promise<Fault> {
  return filter(machine, `block_${port}`, [`iifname "eth0" tcp dport ${port} drop`], [])
}

/** A packet filter table of our own in the machine's network, before all others; theirs stay what they are. */
async function filter(machine: StackMachine, name: string, input: string[], output: string[]): Promise<Fault> {
  const table = `inet rancher_ha_fault_${name}`
  const chain = (hook: string, rules: string[]) =>
    `chain ${hook} { type filter hook ${hook} priority -500; policy accept; ${rules.join('; ')}; }\n`
  // What is forwarded (pods, containers) enters and leaves by the card as well.
  const chains = [chain('prerouting', input), ...(output.length > 0 ? [chain('postrouting', output)] : [])]
  const rules = `table ${table}\ndelete table ${table}\ntable ${table} {\n${chains.join('')}}\n`
  await inNetworkOf(machine, ['nft', '-f', '-'], rules)
  return {
    async [Symbol.asyncDispose]() {
      const state = await docker(['ps', '--quiet', '--filter', `name=^${containerOf(machine)}$`])
      // A machine that was stopped lost its filters with its network.
      if (state.trim() !== '') await inNetworkOf(machine, ['nft', '-f', '-'], `table ${table}\ndelete table ${table}\n`)
    },
  }
}

async function inNetworkOf(machine: StackMachine, command: string[], input: string): Promise<void> {
  const pid = (await docker(['inspect', '--format', '{{.State.Pid}}', containerOf(machine)])).trim()
  await run('nsenter', ['--target', pid, '--net', ...command], { input })
}
