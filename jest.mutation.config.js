import { project } from './jest.config.js'

/** The unit tests alone: mutants of pure code need no bundle. */
export default { ...project('unit'), testTimeout: 60_000 }
