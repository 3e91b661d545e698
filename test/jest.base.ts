import { fileURLToPath } from 'node:url';

/** What the unit and the integration tests share: ESM, sources instead of dist, types stripped by Node. */
export const base = {
  rootDir: fileURLToPath(new URL('..', import.meta.url)),
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['berth-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: { '\\.ts$': fileURLToPath(new URL('strip-types.mjs', import.meta.url)) },
};
