/**
 * The way to one Docker daemon: each call pinned to the API version that was negotiated, bounded in time, abortable, its
 * errors translated.
 */
import { request } from 'node:http';
import { EngineError } from '@berth/spawner';
import Dockerode from 'dockerode';
import { abortable } from './abortable.ts';
import { chooseApiVersion, compareApiVersions, NEWEST_API, parseApiVersion, type ApiVersion } from './api-version.ts';
import { statusOf, toEngineError, type CallSubject } from './docker-errors.ts';
import { QuietAgent } from './quiet-agent.ts';

export interface CallOptions {
  /** For messages: `start`. */
  readonly name: string;
  readonly subject: CallSubject;
  readonly signal: AbortSignal;
  /** Seconds beyond the limit of other calls. */
  readonly moreSeconds?: number;
  /** Error statuses that are success here; the call then resolves with undefined. */
  readonly accept?: readonly number[];
}

interface Negotiated {
  readonly version: ApiVersion;
  readonly docker: Dockerode;
}

export class DockerConnection {
  readonly socketPath: string;
  readonly callSeconds: number;
  // A connection for each call: one that a restarted daemon has closed is never used again.
  readonly #agent = new QuietAgent({ keepAlive: false });
  #negotiated: Promise<Negotiated> | undefined;

  constructor(socketPath: string, callSeconds: number) {
    this.socketPath = socketPath;
    this.callSeconds = callSeconds;
  }

  /** Negotiate anew before the next call: whoever answers then may be another daemon. */
  forget(): void {
    this.#negotiated = undefined;
  }

  /** The version that calls are pinned to. */
  async apiVersion(signal: AbortSignal): Promise<ApiVersion> {
    return (await this.#negotiate(signal)).version;
  }

  /**
   * One call. `run` passes its signal on to dockerode: it ends the request. Where `run` resolves with a stream, the signal given to
   * `call`, but not its limit, ends the stream later.
   */
  async call<T>(
    options: CallOptions,
    run: (docker: Dockerode, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const { signal, subject, name } = options;
    signal.throwIfAborted();
    const limit = this.callSeconds + (options.moreSeconds ?? 0);
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new EngineError('timeout', `Docker did not answer to "${name}" within ${limit} s`)),
      limit * 1000,
    );
    const both = AbortSignal.any([signal, late.signal]);
    try {
      const { docker } = await this.#negotiate(both);
      return await abortable(run(docker, both), both);
    } catch (error) {
      if (both.aborted) throw both.reason;
      if (options.accept?.includes(statusOf(error) ?? 0)) return undefined;
      const translated = toEngineError(error, subject, this.socketPath);
      if (translated.code === 'unreachable' || /^client version .* is too (old|new)/.test(translated.message))
        this.forget();
      throw translated;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for the one negotiation that goes on; an abort ends the waiting only. */
  async #negotiate(signal: AbortSignal): Promise<Negotiated> {
    if (this.#negotiated === undefined) {
      const own = this.#ask();
      this.#negotiated = own;
      own.catch(() => {
        if (this.#negotiated === own) this.#negotiated = undefined;
      });
    }
    return abortable(this.#negotiated, signal);
  }

  async #ask(): Promise<Negotiated> {
    const version = await this.#askVersion();
    // What is undefined here is what docker-modem would otherwise take from DOCKER_HOST and DOCKER_CLIENT_TIMEOUT.
    const options = {
      socketPath: this.socketPath,
      host: undefined,
      protocol: 'http' as const,
      timeout: undefined,
      version: `v${version}`,
      agent: this.#agent,
    };
    return { version, docker: new Dockerode(options) };
  }

  async #askVersion(): Promise<ApiVersion> {
    const ping = await this.#get('/_ping');
    const pinged = parseApiVersion(ping.apiVersion);
    if (pinged !== undefined && compareApiVersions(pinged, NEWEST_API) <= 0) return chooseApiVersion(pinged, undefined);
    const body = JSON.parse((await this.#get('/version')).body) as { ApiVersion?: unknown; MinAPIVersion?: unknown };
    const daemon = parseApiVersion(body.ApiVersion) ?? pinged;
    if (daemon === undefined)
      throw new EngineError('refused', `what answers at ${this.socketPath} is no Docker Engine`);
    return chooseApiVersion(daemon, parseApiVersion(body.MinAPIVersion));
  }

  /** Without a version in its path, which dockerode can't leave out once it has one. */
  #get(path: string): Promise<{ apiVersion: string | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(this.callSeconds * 1000);
      const late = new EngineError('timeout', `Docker did not answer to "${path}" within ${this.callSeconds} s`);
      const fail = (error: unknown): void => reject(signal.aborted ? late : error);
      const asked = request({ socketPath: this.socketPath, path, agent: this.#agent, signal }, (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (body += chunk.slice(0, 1_000_000 - body.length)));
        answer.on('error', fail);
        answer.on('end', () => {
          const { statusCode: status = 0, headers } = answer;
          const version = headers['api-version'];
          // A daemon that starts up answers 503; the header comes with errors too.
          if (status >= 400) reject(Object.assign(new Error(body), { statusCode: status, json: parsed(body) }));
          else resolve({ apiVersion: typeof version === 'string' ? version : undefined, body });
        });
      });
      asked.on('error', fail);
      asked.end();
    });
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
