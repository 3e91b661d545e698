/**
 * Servers, history and settings in one SQLite file.
 *
 * @module
 */
export type { Backup } from './backup.ts';
export { lockFolder } from './folder-lock.ts';
export type { FolderLock } from './folder-lock.ts';
export { openStore } from './open-store.ts';
export type { OpenStore } from './open-store.ts';
export { SqliteStore } from './sqlite-store.ts';
export type { StoreLog } from './sqlite-store.ts';
