export * from './ad-authenticator.ts';
export { createAdAuthenticator } from './create-ad-authenticator.ts';
export type { ConnectTcp } from './dial.ts';
export type { AdLog, AdParts } from './parts.ts';
export * from './settings.ts';
