/**
 * An Engine in memory, for benches and for tests of what stands above an Engine.
 *
 * @module
 * @example
 * const engine = new SimulatedEngine({ latency: { start: 50 } });
 * const image = engine.addImage('notebook:1');
 * engine.failNext('create', new EngineError('disk-full', 'no space left on device'));
 */
export type { EngineCall, FaultTime, Hold } from './simulated-calls.ts';
export type { Behaviour } from './simulated-container.ts';
export type { ImageDetails } from './simulated-images.ts';
export { SimulatedEngine, type SimulatedEngineOptions } from './simulated-engine.ts';
