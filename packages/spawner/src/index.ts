/**
 * A notebook server's life: compose its container, start, observe, stop, reconcile with what really runs.
 *
 * @module
 */
export * from './container-spec.ts';
export * from './engine.ts';
export * from './errors.ts';
export * from './key.ts';
export * from './server.ts';
export * from './settings.ts';
export * from './spawner.ts';
export * from './store.ts';
