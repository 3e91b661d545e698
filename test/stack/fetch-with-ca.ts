import { request } from 'node:https';
import { readText } from './read-text.ts';

/** `fetch` for https with a CA that the system doesn't know. Bodies and answers are text. */
export async function fetchWithCa(url: string, ca: string, init: RequestInit): Promise<Response> {
  const { method = 'GET', body, signal } = init;
  const headers = Object.fromEntries(new Headers(init.headers));
  return new Promise((resolve, reject) => {
    const options = { method, headers, ca, agent: false, ...(signal ? { signal } : {}) };
    const sent = request(url, options, (answer) => {
      const { statusCode: status = 0, headers: received } = answer;
      const seen = new Headers();
      for (const [name, value] of Object.entries(received)) seen.set(name, String(value));
      readText(answer).then((text) => resolve(new Response(text, { status, headers: seen })), reject);
    });
    sent.once('error', reject);
    sent.end(body ?? undefined);
  });
}
