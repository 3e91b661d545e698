export * from './errors.ts';
export * from './posix-account.ts';
