import { base } from './jest.base.ts';

/** What crosses packages, against real parts: needs root, Docker, one process at a time. */
export default { ...base, roots: ['<rootDir>/test'], maxWorkers: 1, testTimeout: 120_000 };
