/**
 * Berth's REST service.
 *
 * @module
 */
export * from './serve.ts';
