import { base } from './jest.base.ts';

/** Unit tests: beside the sources, no engine, no network, no root. */
export default { ...base, roots: ['<rootDir>/packages'] };
