/** The composition root: the one place that knows every part and plugs them together. */

export interface ServeOptions {
  /** The configuration; without it, `<state>/berth.yaml` where that exists, else the defaults. */
  readonly configFile?: string;
  /** Folder of what must survive a restart: database, tokens, label key. */
  readonly state: string;
  /** Folder of what need not: sockets, certificates. Best on tmpfs. */
  readonly runtime: string;
}

export interface Service {
  /** Where it listens: `http://127.0.0.1:8550`, `unix:///run/berth/hub.sock`. */
  readonly addresses: readonly string[];
  /** Stops accepting, finishes what is under way within 10 s, closes everything. Containers run on. */
  close(): Promise<void>;
}

/** Starts the service; resolves once it listens. Rejects where the configuration, the state folder or a listener is at fault. */
export async function serve(_options: ServeOptions): Promise<Service> {
  throw new Error('not built yet');
}
