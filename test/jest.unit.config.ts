import { base } from './jest.base.ts';

/** Unit tests: beside the sources, no engine, no network beyond the loopback. Those of accounts and tickets need root and krb5 tools. */
export default { ...base, roots: ['<rootDir>/packages'] };
