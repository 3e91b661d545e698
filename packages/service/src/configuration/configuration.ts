/** The configuration as the service uses it: complete, checked, frozen. Durations in seconds, sizes in bytes. */
import type { Written } from './schema.ts';

export interface Configuration extends Omit<
  Written,
  'listen' | 'hubs' | 'images' | 'adminTokenFile' | 'viewerTokenFile'
> {
  readonly listen: {
    readonly http: HttpListener | false;
    readonly socket: string | false;
  };
  readonly hubs: readonly HubConfiguration[];
  readonly adminToken: TokenFile;
  readonly viewerToken: TokenFile | undefined;
  readonly images: readonly ImageConfiguration[];
}

export interface HttpListener {
  readonly address: string;
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface HubConfiguration {
  readonly name: string;
  readonly token: TokenFile;
  readonly apiUrl: string | undefined;
  /** The hub's own container, where it runs in one. */
  readonly container: string | undefined;
}

export interface ImageConfiguration {
  readonly reference: string;
  readonly title: string;
  readonly pull: 'missing' | 'always' | 'never';
}

export interface TokenFile {
  readonly path: string;
  /** True where the configuration names it: then it must exist. Otherwise it is made at first start. */
  readonly declared: boolean;
}

/** Where the service keeps what it keeps. */
export interface Folders {
  readonly state: string;
  readonly runtime: string;
}

/** A place in the configuration that is wrong. */
export interface Fault {
  readonly line: number | undefined;
  /** `containers.volumes[0].source`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** All that is wrong with a configuration, at once. */
export class ConfigurationError extends Error {
  readonly file: string;
  readonly faults: readonly Fault[];
  constructor(file: string, faults: readonly Fault[]) {
    super(faults.map((fault) => sentence(file, fault)).join('\n'));
    this.name = 'ConfigurationError';
    this.file = file;
    this.faults = faults;
  }
}

function sentence(file: string, { line, path, message }: Fault): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}
