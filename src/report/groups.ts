import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../clock.ts'
import { formatHeartbeat } from './format.ts'

/** How log groups are written. */
export type Log = { line(text: string): void; open(heading: string): void; close(): void }

type Group = {
  heading: string
  startedAt: number
  awaited: string | undefined
  /** The last line told in it. */
  last: string | undefined
  /** Lines told while another group was open; undefined once it is the open one. */
  held: string[] | undefined
  /** The line told below the group, once it has ended. */
  end: string | undefined
}

const HEARTBEAT_MS = 20_000

/**
 * Log groups of steps that run together: one is open, the others' lines are held until it has ended.
 * A line finds its group by the asynchronous context it is told from.
 */
export class Groups {
  readonly #log: Log
  readonly #clock: Clock
  readonly #current = new AsyncLocalStorage<Group>()
  /** In the order they began; the first is the open one. */
  readonly #groups: Group[] = []
  #cancelBeat = () => {}

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** @param ending makes the line told below the group from how `work` went */
  async run<T>(
    heading: string,
    work: () => Promise<T>,
    ending: (error: unknown, tookMs: number) => string,
  ): Promise<T> {
    const group: Group = {
      heading,
      startedAt: this.#clock.now(),
      awaited: undefined,
      last: undefined,
      held: [],
      end: undefined,
    }
    this.#groups.push(group)
    if (this.#groups.length === 1) this.#openFirst()
    let error: unknown
    try {
      return await this.#current.run(group, work)
    } catch (thrown) {
      error = thrown
      throw thrown
    } finally {
      if (group.end === undefined) {
        group.end = ending(error, this.#clock.now() - group.startedAt)
        this.#closeEnded()
      }
    }
  }

  line(text: string): void {
    const group = this.#current.getStore()
    if (group !== undefined) group.last = text
    if (group?.held === undefined || group.end !== undefined) this.#log.line(text)
    else group.held.push(text)
  }

  waitingFor(text: string): void {
    const group = this.#current.getStore()
    if (group?.awaited === text) return
    if (group !== undefined) group.awaited = text
    this.line(`Waiting for ${text}`)
  }

  /** Leaves what is still open as it is: their lines are told, and no heartbeat comes any more. */
  close(): void {
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      group.end ??= `✗ ${group.heading}: left unfinished`
      this.#closeEnded()
    }
  }

  #openFirst(): void {
    const [group] = this.#groups
    if (group === undefined) return
    this.#log.open(group.heading)
    for (const text of group.held ?? []) this.#log.line(text)
    group.held = undefined
    this.#beatLater()
  }

  #closeEnded(): void {
    for (let group = this.#groups[0]; group?.end !== undefined; group = this.#groups[0]) {
      this.#cancelBeat()
      this.#log.close()
      this.#log.line(group.end)
      this.#groups.shift()
      this.#openFirst()
    }
  }

  #beatLater(): void {
    this.#cancelBeat()
    this.#cancelBeat = this.#clock.after(HEARTBEAT_MS, () => {
      const [group, ...others] = this.#groups
      if (group === undefined) return
      const running = others.filter((other) => other.end === undefined).map((other) => other.heading)
      this.#log.line(formatHeartbeat(this.#clock.now() - group.startedAt, group, running))
      this.#beatLater()
    })
  }
}
