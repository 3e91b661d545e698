/**
 * Who a user is on this host: names, SIDs, ids, accounts, and which of them may run a notebook.
 *
 * @module
 */
export {
  type AccountDomain,
  type AccountName,
  type NameForms,
  parseAccountName,
  parseGroupName,
  sameAccountName,
} from './account-name.ts';
export * from './account-files.ts';
export * from './account-safety.ts';
export * from './accounts-from-directory.ts';
export * from './errors.ts';
export { foldName } from './fold.ts';
export * from './getent.ts';
export * from './home-files.ts';
export * from './home-folder.ts';
export * from './hub-name.ts';
export * from './id-mapping.ts';
export { createNameService, type NameService, type NameServiceParts, type UidHolder } from './name-service.ts';
export * from './posix-account.ts';
export * from './sid.ts';
export { accountSpellings, type SpelledAccount } from './spelling.ts';
export * from './uid-collision.ts';
export * from './user-records.ts';
