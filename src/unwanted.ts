/** What a run ends with when the change it was started for is not wanted any more: no failure, and nothing done. */
export class Unwanted extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Unwanted'
  }
}
