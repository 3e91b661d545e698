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
export * from './errors.ts';
export { foldName } from './fold.ts';
export * from './hub-name.ts';
export * from './id-mapping.ts';
export * from './posix-account.ts';
export * from './sid.ts';
export * from './user-records.ts';
