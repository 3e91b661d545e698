import { base } from './jest.base.ts';

/** What crosses packages, on real parts: root, Debian, one test file at a time, as they share a dockerd and two cores. */
export default {
  ...base,
  roots: ['<rootDir>/test'],
  globalSetup: '<rootDir>/test/stack/global-setup.ts',
  globalTeardown: '<rootDir>/test/stack/global-teardown.ts',
  maxWorkers: 1,
  testTimeout: 120_000,
};
