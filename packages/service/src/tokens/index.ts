export { makeToken } from './token.ts';
export { TokenFileError } from './token-file.ts';
export { openTokenRing, tokenSources, type Caller, type Role, type TokenRing, type TokenSource } from './token-ring.ts';
