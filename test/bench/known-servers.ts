/** Many servers of one hub, asked of a service as a hub does. */
import { serverKey } from '@berth/spawner';

export interface Asked {
  readonly url: string;
  readonly token: string;
  readonly count: number;
  /** Where all of them listen. */
  readonly port: number;
}

/** Has a service start servers user0, user1, ...; resolves once all of them run. */
export async function startServers({ url, token, count, port }: Asked): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const numbers = Array.from({ length: count }, (_, i) => i);
  const start = async (number: number) => {
    const user = `user${number}`;
    const key = serverKey({ hub: 'default', user, serverName: '' });
    const body = {
      ...{ user, serverName: '', generation: 1, budgetSeconds: 120, port },
      environment: environment(user),
    };
    const answer = await fetch(`${url}/v1/servers/${key}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    if (answer.status !== 202 && answer.status !== 200) {
      throw new Error(`PUT of ${user}: ${answer.status} ${await answer.text()}`);
    }
    await answer.arrayBuffer();
  };
  const next = numbers.values();
  const worker = async () => {
    for (const number of next) await start(number);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  for (const deadline = Date.now() + 120_000; ;) {
    const running = await countRunning(url, headers);
    if (running === count) return;
    if (Date.now() > deadline) throw new Error(`${running} of ${count} servers run after two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Servers that a service says are running. */
export async function countRunning(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  let running = 0;
  for (let next: string | null = ''; next !== null;) {
    const query: string = next === '' ? '' : `?after=${encodeURIComponent(next)}`;
    const answer = await fetch(`${url}/v1/servers${query}`, { headers });
    if (!answer.ok) throw new Error(`GET /v1/servers: ${answer.status} ${await answer.text()}`);
    const page = (await answer.json()) as { items: { status: { state: string } }[]; next: string | null };
    running += page.items.filter(({ status }) => status.state === 'running').length;
    next = page.next;
  }
  return running;
}

/** What JupyterHub 5.5.1 gives a server. */
function environment(user: string): Record<string, string> {
  return {
    JUPYTERHUB_API_TOKEN: '0123456789abcdef0123456789abcdef',
    JPY_API_TOKEN: '0123456789abcdef0123456789abcdef',
    JUPYTERHUB_ADMIN_ACCESS: '1',
    JUPYTERHUB_CLIENT_ID: `jupyterhub-user-${user}`,
    JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED: '0',
    JUPYTERHUB_HOST: '',
    JUPYTERHUB_OAUTH_CALLBACK_URL: `/user/${user}/oauth_callback`,
    JUPYTERHUB_OAUTH_SCOPES: `["access:servers!server=${user}/", "access:servers!user=${user}"]`,
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: `["access:servers!server=${user}/", "access:servers!user=${user}"]`,
    JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES: '[]',
    JUPYTERHUB_USER: user,
    JUPYTERHUB_SERVER_NAME: '',
    JUPYTERHUB_API_URL: 'http://172.18.0.1:8081/hub/api',
    JUPYTERHUB_ACTIVITY_URL: `http://172.18.0.1:8081/hub/api/users/${user}/activity`,
    JUPYTERHUB_BASE_URL: '/',
    JUPYTERHUB_SERVICE_PREFIX: `/user/${user}/`,
    JUPYTERHUB_SERVICE_URL: `http://0.0.0.0:8888/user/${user}/`,
    JUPYTERHUB_PUBLIC_URL: '',
    JUPYTERHUB_PUBLIC_HUB_URL: '',
  };
}
