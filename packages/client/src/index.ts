/**
 * Typed client for a Berth service: every path of the contract, lists page by page, and the event stream.
 *
 * @module
 * @example
 * const berth = createClient({ url: 'unix:///run/berth/hub.sock', token });
 * for await (const server of all((cursor) => berth.GET('/v1/servers', { params: { query: cursor } }))) console.log(server.key);
 */
export * from './address.ts';
export * from './client.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './pages.ts';
