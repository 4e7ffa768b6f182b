import { withEntry } from '../../../../src/infrastructure/local/hosts-file.ts'
import type { Runner } from '../../../../src/infrastructure/local/runner.ts'
import type { FakeDaemon } from './fake-docker.ts'

/** A runner whose hosts file is a text, and whose network ends at the machines of a daemon in memory. */
export class FakeRunner implements Runner {
  hosts = '127.0.0.1 localhost\n'
  routed: string[] = []
  readonly locks: string
  readonly #daemon: FakeDaemon

  constructor(daemon: FakeDaemon, locks: string) {
    this.#daemon = daemon
    this.locks = locks
  }

  routes = async () => this.routed
  readHosts = async () => this.hosts

  async resolve(hostname: string): Promise<string[]> {
    const lines = this.hosts.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    return lines.filter(([, ...names]) => names.includes(hostname)).map(([address = '']) => address)
  }

  async writeHosts(...[mark, entry]: Parameters<Runner['writeHosts']>): Promise<void> {
    const after = withEntry(this.hosts, mark, entry)
    if (after === this.hosts) return
    this.#daemon.change('write hosts')
    this.hosts = after
  }

  async answers(address: string, port: number): Promise<boolean> {
    const machines = [...this.#daemon.machines.values()]
    const machine = machines.find(({ spec }) => spec.address === address)
    if (machine?.state !== 'running') return false
    return port === 22 || machine.haproxy?.includes(`bind :${port}`) === true
  }
}
