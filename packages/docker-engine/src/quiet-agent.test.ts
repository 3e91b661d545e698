import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { QuietAgent } from './quiet-agent.ts';

test('a request in flight adds nothing to what its agent prints, however deep it is looked into', async () => {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new QuietAgent({ keepAlive: false });
  const options = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent };
  const sent = request(options).end();
  expect(Object.keys(agent.sockets)).toHaveLength(1);
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
  const [answer] = await once(sent, 'response');
  answer.resume();
  await once(answer, 'end');
  server.close();
});
