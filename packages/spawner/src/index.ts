/**
 * A notebook server's life: compose its container, start, observe, stop, reconcile with what really runs.
 *
 * @module
 */
export * from './accounts.ts';
export * from './certificate-folders.ts';
export * from './choices.ts';
export * from './container-spec.ts';
export * from './create-spawner.ts';
export * from './engine.ts';
export * from './errors.ts';
export * from './key.ts';
export * from './parts.ts';
export * from './probe.ts';
export * from './server.ts';
export * from './settings.ts';
export * from './spawner.ts';
export * from './steps.ts';
export * from './store.ts';
export * from './volume-name.ts';
