import { randomUUID } from 'node:crypto'

/**
 * What tells this process from every other on the nodes: all its commands carry it in their environment, and the
 * lease records it. Not the run's id, which two jobs of one run, or a step and its post step, have in common.
 */
export const thisSession: string = randomUUID()
