export * from './ad-authenticator.ts';
export * from './settings.ts';
