import { project } from './jest.config.js'

/** End-to-end tests share one machine's docker and network, so they run one after another (`--runInBand`). */
/** @type {import('jest').Config} */
export default {
  ...project('e2e'),
  testMatch: ['<rootDir>/__tests__/e2e/**/*.e2e.ts'],
  testTimeout: 45 * 60_000,
  maxWorkers: 1,
}
