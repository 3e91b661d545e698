import { Agent } from 'node:http';
import { inspect } from 'node:util';

/**
 * An agent that prints as one word. docker-modem (lib/modem.js, buildRequest) prints the options of each request in full
 * depth for its debug log, whether or not anybody reads that: an agent shows all its sockets and what hangs on them, and
 * 20 calls at once would block the event loop for seconds.
 */
export class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'Agent';
  }
}
