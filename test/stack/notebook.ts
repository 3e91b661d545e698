/** A running notebook server as JupyterLab's scripts use it: kernels over REST, their channels over a WebSocket. */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Browser } from './browser.ts';
import { readText } from './read-text.ts';

/** Jupyter's messaging protocol 5.3, JSON frames. */
interface KernelMessage {
  readonly header: { readonly msg_type: string };
  readonly parent_header: { readonly msg_id?: string };
  readonly content: Readonly<Record<string, unknown>>;
}

export class Notebook {
  readonly #browser: Browser;
  /** `/user/NAME/` or `/user/NAME/SERVER/`. */
  readonly path: string;

  constructor(browser: Browser, path: string) {
    this.#browser = browser;
    this.path = path;
  }

  /** A call to the notebook server's API, for example `api/kernels`. */
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const answer = await this.#browser.send(this.path + path, {
      method,
      headers: {
        'content-type': 'application/json',
        'sec-fetch-mode': 'cors',
        'x-xsrftoken': this.#browser.cookies(this.path).xsrf ?? '',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode ?? 0, text: await readText(answer) };
  }

  /** Starts a kernel; resolves with its id. */
  async startKernel(name = 'python3'): Promise<string> {
    const answer = await this.call('POST', 'api/kernels', { name });
    if (answer.status !== 201) throw new Error(`no kernel: ${answer.status} ${answer.text.slice(0, 500)}`);
    return (JSON.parse(answer.text) as { id: string }).id;
  }

  /** Runs code in a kernel; resolves with what it printed. Rejects with the traceback where the code raises. */
  async execute(kernel: string, code: string, seconds = 60): Promise<string> {
    const socket = await this.connect(kernel);
    const session = randomUUID();
    const id = randomUUID();
    const header = { msg_id: id, msg_type: 'execute_request', username: '', session, version: '5.3' };
    const content = { code, silent: false, store_history: false, allow_stdin: false, stop_on_error: true };
    let printed = '';
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        late = setTimeout(() => reject(new Error(`the kernel is silent after ${seconds} s`)), seconds * 1000);
        socket.once('close', (code) => reject(new Error(`the channel was closed (${code})`)));
        socket.on('message', (data) => {
          const message = JSON.parse(String(data)) as KernelMessage;
          if (message.parent_header.msg_id !== id) return;
          const { msg_type: type } = message.header;
          if (type === 'stream' && message.content['name'] === 'stdout') printed += String(message.content['text']);
          if (type === 'error') reject(new Error([message.content['traceback']].flat().join('\n')));
          if (type === 'status' && message.content['execution_state'] === 'idle') resolve(printed);
        });
        socket.send(
          JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell', buffers: [] }),
        );
      });
    } finally {
      clearTimeout(late);
      socket.removeAllListeners('close');
      socket.close();
    }
  }

  /** A kernel's channels; the caller closes them. */
  async connect(kernel: string): Promise<WebSocket> {
    const path = `${this.path}api/kernels/${kernel}/channels`;
    const url = new URL(`${path}?session_id=${randomUUID()}`, this.#browser.origin);
    url.protocol = 'ws:';
    const { header } = this.#browser.cookies(path);
    const socket = new WebSocket(url, {
      origin: this.#browser.origin,
      headers: { cookie: header, 'sec-fetch-mode': 'websocket', 'sec-fetch-site': 'same-origin' },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return socket;
  }
}
