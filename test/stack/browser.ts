/** A person's browser at a hub: cookies, forms, redirects, event streams. Nothing that a browser can't do. */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { CookieJar } from './cookie-jar.ts';
import type { Hub } from './hub.ts';
import { serverPath } from './hub-api.ts';
import { Notebook } from './notebook.ts';
import { readText } from './read-text.ts';

export interface Page {
  readonly status: number;
  /** Path and query after all redirects. */
  readonly path: string;
  readonly text: string;
}

/** One message of the hub's progress stream, and when it came. */
export interface ProgressMessage {
  /** ms since the epoch. */
  readonly at: number;
  readonly progress: number;
  readonly message?: string;
  readonly html_message?: string;
  readonly ready?: boolean;
  readonly failed?: boolean;
  readonly url?: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export class Browser {
  readonly origin: string;
  readonly #base: string;
  readonly #cookies = new CookieJar();

  constructor(hub: Pick<Hub, 'origin' | 'baseUrl'>) {
    this.origin = hub.origin;
    this.#base = hub.baseUrl;
  }

  /** One request, no redirects followed; the caller reads the body. */
  async send(path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const url = new URL(path, this.origin);
    const cookie = this.#cookies.header(url.pathname);
    const headers = {
      host: url.host,
      'user-agent': 'Mozilla/5.0 (berth tests)',
      'sec-fetch-site': 'same-origin',
      ...(cookie === '' ? {} : { cookie }),
      ...(options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }),
      ...options.headers,
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const { signal } = options;
      const sent = request(url, {
        method: options.method ?? 'GET',
        headers,
        agent: false,
        ...(signal ? { signal } : {}),
      });
      sent.once('response', resolve);
      sent.once('error', reject);
      sent.end(options.body);
    });
    this.#cookies.store(answer.headers['set-cookie'] ?? [], url.pathname);
    return answer;
  }

  /** Opens a page as by a link, and follows redirects. */
  async open(path: string, options: RequestOptions = {}): Promise<Page> {
    const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };
    let [next, how] = [path, options];
    for (let hops = 0; hops < 20; hops++) {
      const answer = await this.send(next, { ...how, headers: { ...navigation, ...how.headers } });
      const text = await readText(answer);
      const { location } = answer.headers;
      const status = answer.statusCode ?? 0;
      if (status < 300 || status >= 400 || location === undefined) return { status, path: next, text };
      const url = new URL(location, new URL(next, this.origin));
      if (url.origin !== this.origin) throw new Error(`${next} leads away from the hub, to ${url.href}`);
      [next, how] = [url.pathname + url.search, {}];
    }
    throw new Error(`too many redirects from ${path}`);
  }

  /** Sends a form, as the browser does once its button is pressed, and follows redirects. */
  async submit(path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.open(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: this.origin },
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** Through the hub's login form, to the hub's home page. Rejects where the hub doesn't let the user in. */
  async login(user: string, password: string): Promise<void> {
    const page = await this.submitLogin(user, password);
    if (page.path.includes('/hub/login')) throw new Error(`the hub refuses ${user} (${page.status})`);
  }

  /** The same; resolves with whatever page follows. */
  async submitLogin(user: string, password: string): Promise<Page> {
    const form = await this.open(`${this.#base}hub/login?next=${encodeURIComponent(`${this.#base}hub/home`)}`);
    const action = /<form[^>]*action="([^"]+)"/.exec(form.text)?.[1]?.replaceAll('&amp;', '&');
    const xsrf = /name="_xsrf"\s+value="([^"]+)"/.exec(form.text)?.[1];
    if (action === undefined || xsrf === undefined) throw new Error(`no login form at ${form.path} (${form.status})`);
    return this.submit(action, { username: user, password, _xsrf: xsrf });
  }

  /** A call to the hub's API as its own pages make it. `path` begins with a slash. */
  async api(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const answer = await this.send(`${this.#base}hub/api${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'sec-fetch-mode': 'cors',
        'x-xsrftoken': this.#xsrf(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode ?? 0, text: await readText(answer) };
  }

  /** Starts a server from the hub's page: its options form where there is one. Resolves with the page that follows. */
  async startServer(user: string, server = '', choices: Readonly<Record<string, string>> = {}): Promise<Page> {
    const path = `${this.#base}hub/spawn/${encodeURIComponent(user)}${server === '' ? '' : `/${encodeURIComponent(server)}`}`;
    const page = await this.open(path);
    const action = /<form[^>]*id="spawn_form"[^>]*action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) return page;
    return this.submit(action.replaceAll('&amp;', '&'), { _xsrf: this.#xsrf(), ...choices });
  }

  /** Messages of a start, as the hub's page receives them; ends after `ready` or `failed`. */
  async *progress(user: string, server = '', signal?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const path = `${this.#base}hub/api${serverPath(user, server)}/progress?_xsrf=${encodeURIComponent(this.#xsrf())}`;
    const headers = { accept: 'text/event-stream', 'sec-fetch-mode': 'cors' };
    const answer = await this.send(path, { headers, ...(signal ? { signal } : {}) });
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${await readText(answer)}`);
    answer.setEncoding('utf8');
    let rest = '';
    for await (const chunk of answer) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        const message: ProgressMessage = { ...JSON.parse(line.slice(5)), at: Date.now() };
        yield message;
        if (message.ready || message.failed) return answer.destroy() && undefined;
      }
    }
  }

  /** All messages of a start. */
  async progressToEnd(user: string, server = ''): Promise<ProgressMessage[]> {
    const messages: ProgressMessage[] = [];
    for await (const message of this.progress(user, server)) messages.push(message);
    return messages;
  }

  /** The user's running server, opened as JupyterLab: OAuth with the hub is done by the redirects. */
  async openNotebook(user: string, server = ''): Promise<Notebook> {
    const base = `${this.#base}user/${encodeURIComponent(user)}/${server === '' ? '' : `${encodeURIComponent(server)}/`}`;
    const page = await this.open(`${base}lab`);
    if (page.status !== 200 || !page.path.startsWith(base)) {
      throw new Error(`${base}lab: ${page.status} at ${page.path}\n${page.text.slice(0, 500)}`);
    }
    return new Notebook(this, base);
  }

  /** The header that a WebSocket of a page sends, and the token that its scripts read. */
  cookies(path: string): { readonly header: string; readonly xsrf: string | undefined } {
    return { header: this.#cookies.header(path), xsrf: this.#cookies.value('_xsrf', path) };
  }

  #xsrf(): string {
    return this.#cookies.value('_xsrf', `${this.#base}hub/`) ?? '';
  }
}
