export * from './configuration.ts';
export { loadConfiguration, parseConfiguration } from './load.ts';
export { toSpawnerSettings, type SpawnerSecrets } from './spawner-settings.ts';
