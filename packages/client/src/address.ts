/** Where a service listens, as people write it: `http://...`, `https://...` or `unix:///path/to/socket`. */
import { ClientMisconfigured } from './errors.ts';

export interface Address {
  /** As it may be shown: no credentials, no query. */
  readonly url: string;
  /** What request paths are appended to; no slash at its end. */
  readonly base: string;
  /** The unix socket, where the address is one. */
  readonly socketPath: string | undefined;
}

/** @throws ClientMisconfigured with a sentence that never repeats credentials. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return unixAddress(text);
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new ClientMisconfigured(
      "The service's URL must look like http://127.0.0.1:8550, https://berth.example.org or unix:///run/berth/hub.sock.",
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ClientMisconfigured("The service's URL must not hold a user name or a password; Berth takes a token.");
  }
  if (url.search !== '' || url.hash !== '') {
    throw new ClientMisconfigured("The service's URL must end before any `?` or `#`.");
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return { url: base, base, socketPath: undefined };
}

function unixAddress(text: string): Address {
  const socketPath = text.replace(/^unix:(\/\/)?/, '');
  if (!socketPath.startsWith('/') || socketPath.includes('\0')) {
    throw new ClientMisconfigured("A unix socket's URL needs an absolute path: unix:///run/berth/hub.sock.");
  }
  return { url: `unix://${socketPath}`, base: 'http://localhost', socketPath };
}
