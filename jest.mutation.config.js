import { project } from './jest.config.js'

/** The unit tests of what is pure: those that start servers and programs of their own say nothing of it, slowly. */
export default {
  ...project('unit'),
  testPathIgnorePatterns: [
    '<rootDir>/__tests__/unit/(lab|tools|scripts)/',
    '<rootDir>/__tests__/unit/remote/(?!lease-record)',
    '/docs\\.test\\.ts$',
  ],
  testTimeout: 60_000,
}
