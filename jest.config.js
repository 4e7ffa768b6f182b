import { readdirSync } from 'node:fs'

/** swc strips the types and leaves the language alone, so that `await using` is node's own. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { parser: { syntax: 'typescript', explicitResourceManagement: true }, target: 'esnext' },
      module: { type: 'es6' },
    },
  ],
}

/** @type {(name: string) => import('jest').Config} */
const project = (name) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/__tests__/${name}/**/*.test.ts`],
  modulePathIgnorePatterns: ['<rootDir>/build', '<rootDir>/dist', '<rootDir>/.stryker-tmp'],
  extensionsToTreatAsEsm: ['.ts'],
  transform,
})

const present = new Set(readdirSync(new URL('__tests__', import.meta.url)))

/** @type {import('jest').Config} */
export default {
  projects: ['unit', 'contract', 'programs', 'scenarios', 'cloud'].filter((name) => present.has(name)).map(project),
  // Generous: the machine may be busy with other things.
  testTimeout: 60_000,
  collectCoverageFrom: ['src/**/*.ts'],
}

export { project, transform }
