/** What directory, login, accounts and tickets mean together. */
import { cachePattern, TicketError } from '@berth/krb5-ccache';
import { isIP } from 'node:net';
import { posix } from 'node:path';
import type { CheckFault } from './checks.ts';
import type { Folders } from './configuration.ts';
import type { Written } from './schema.ts';

/** The hub gives up after 60 s; what is left is for the answer's way. */
const loginSeconds = 55;

type Block = 'directory' | 'login' | 'accounts' | 'tickets';
/** Whether the file has the block, be it right or wrong by itself. */
type IsDeclared = (block: Block) => boolean;

export function* identityChecks(written: Written, folders: Folders, declared: IsDeclared): Generator<CheckFault> {
  yield* loginAndDirectory(written, declared);
  yield* proxies(written);
  yield* accounts(written, folders, declared);
  yield* tickets(written, declared);
}

function* loginAndDirectory(
  { directory, login, tickets: ticket }: Written,
  declared: IsDeclared,
): Generator<CheckFault> {
  if (!declared('directory') && login !== undefined)
    yield { path: ['login'], message: 'needs a directory to log anybody in by; add directory: {domain: ...}' };
  if (directory !== undefined && !declared('login'))
    yield { path: ['directory'], message: "lets nobody in without login; add login: {allow: ['BANK\\a group']}" };
  if (directory === undefined) return;
  const seconds = directory.timeouts.login + (ticket?.sources.includes('password') ? ticket.timeout : 0);
  if (seconds > loginSeconds)
    yield {
      path: ['directory', 'timeouts', 'login'],
      message: `with tickets.timeout a login may take ${seconds} s, but the hub waits 60 s; keep their sum within ${loginSeconds} s`,
    };
  for (const [index, server] of directory.servers.entries())
    if (directory.servers.indexOf(server) < index)
      yield { path: ['directory', 'servers', index], message: 'stands there twice; leave one of them out' };
    else if (Number(/:(\d+)$/.exec(server)?.[1] ?? 1) > 65_535)
      yield { path: ['directory', 'servers', index], message: 'has a port above 65535' };
}

function* proxies({ login }: Written): Generator<CheckFault> {
  for (const [index, entry] of (login?.throttle.trustedProxies ?? []).entries()) {
    const message = proxyFault(entry);
    if (message !== undefined) yield { path: ['login', 'throttle', 'trustedProxies', index], message };
  }
}

/** What is wrong with a declared proxy; undefined where nothing is. */
export function proxyFault(entry: string): string | undefined {
  const [address = '', prefix, ...more] = entry.split('/');
  const version = isIP(address);
  const longest = version === 6 ? 128 : 32;
  const right = version !== 0 && more.length === 0 && (prefix === undefined || Number(prefix) <= longest);
  return right ? undefined : `${entry} is no address and no network; right would be 10.1.2.3 or 10.0.0.0/8`;
}

const spellingFields = ['{domain}', '{dnsDomain}', '{name}', '{name^}'];
const homeFields = ['{domain}', '{dnsDomain}', '{username}'];

function* accounts(written: Written, folders: Folders, declared: IsDeclared): Generator<CheckFault> {
  const { accounts: block, containers, docker } = written;
  if (block === undefined) return;
  const { source, home, names, sockets } = block;
  if (containers.user !== undefined)
    yield {
      path: ['containers', 'user'],
      message: "can't stand beside accounts: servers run as their users' accounts",
    };
  if (!declared('directory') && source !== 'name-service')
    yield {
      path: ['accounts', 'source'],
      message: 'makes ids of what the directory says, and there is no directory; use name-service, or add directory',
    };
  if (typeof source === 'object' && 'winbind' in source && source.winbind.low >= source.winbind.high)
    yield { path: ['accounts', 'source', 'winbind', 'high'], message: 'must be above low' };
  for (const [index, spelling] of names.entries())
    yield* template(['accounts', 'names', index], spelling, spellingFields);
  yield* template(['accounts', 'home', 'template'], home.template, homeFields);
  for (const [index, root] of home.roots.entries())
    if (root === '/' || [folders.state, folders.runtime].some((one) => isWithin(one, root) || isWithin(root, one)))
      yield {
        path: ['accounts', 'home', 'roots', index],
        message: `${root} holds more than homes; name the folder that the homes lie in, such as /home`,
      };
  if (source !== 'name-service' && !home.roots.some((root) => isWithin(home.template, root)))
    yield {
      path: ['accounts', 'home', 'template'],
      message: `lies outside of accounts.home.roots (${home.roots.join(', ')})`,
    };
  const secret = [docker.socket, '/run/docker.sock', '/var/run/docker.sock', folders.state, folders.runtime];
  for (const [index, socket] of sockets.entries()) {
    const hit = secret.find((one) => isWithin(socket, one) || isWithin(one, socket));
    if (hit !== undefined)
      yield { path: ['accounts', 'sockets', index], message: `would show notebooks ${hit}; leave it out` };
  }
}

function* template(path: readonly (string | number)[], text: string, fields: readonly string[]): Generator<CheckFault> {
  const unknown = (text.match(/\{[^}]*\}?/g) ?? []).find((field) => !fields.includes(field));
  if (unknown !== undefined) yield { path, message: `has ${unknown}; known are ${fields.join(', ')}` };
}

function* tickets({ tickets: block }: Written, declared: IsDeclared): Generator<CheckFault> {
  if (block === undefined) return;
  const { sources, keytabFolder, trustHub, minimumLife, renewLife, life } = block;
  if (!declared('accounts'))
    yield {
      path: ['tickets'],
      message: "needs accounts: a ticket belongs to a user's uid; add accounts: {source: ...}",
    };
  if (!declared('directory') && sources.includes('password'))
    yield {
      path: ['tickets', 'sources'],
      message: 'names password, but without a directory no password comes here; use host or keytab',
    };
  if (!declared('directory') && !trustHub)
    yield {
      path: ['tickets', 'trustHub'],
      message:
        "must be true without a directory: the hub's word alone then says whose ticket a notebook gets (see SECURITY.md)",
    };
  if (declared('directory') && trustHub)
    yield {
      path: ['tickets', 'trustHub'],
      message: 'has no effect beside a directory: who has not logged in by it gets no server; leave it out',
    };
  if (sources.includes('keytab') && keytabFolder === undefined)
    yield { path: ['tickets', 'keytabFolder'], message: 'is missing, as sources names keytab' };
  if (!sources.includes('keytab') && keytabFolder !== undefined)
    yield { path: ['tickets', 'keytabFolder'], message: 'is of no use, as sources does not name keytab' };
  for (const [index, pattern] of block.hostCaches.entries()) {
    const message = patternFault(pattern);
    if (message !== undefined) yield { path: ['tickets', 'hostCaches', index], message };
  }
  for (const [key, value] of Object.entries({ renewLife, life }))
    if (value !== undefined && value <= minimumLife)
      yield { path: ['tickets', key], message: 'must be longer than minimumLife, else no ticket lives long enough' };
}

function patternFault(pattern: string): string | undefined {
  try {
    const candidate = cachePattern(pattern, { uid: 1000, username: 'user1' });
    return candidate.kind === 'refused' ? candidate.error.message : undefined;
  } catch (error) {
    if (error instanceof TicketError) return error.message;
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  const clean = posix.normalize(path);
  return clean === folder || clean.startsWith(folder === '/' ? '/' : `${folder}/`);
}
