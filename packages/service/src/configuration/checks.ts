/** What keys mean together. Each check yields the places that are wrong, and assumes that each key by itself is right. */
import { isRefusedVariable, volumeFields, volumeName } from '@berth/spawner';
import { posix } from 'node:path';
import { identityChecks } from './identity-checks.ts';
import type { Folders } from './configuration.ts';
import type { Written } from './schema.ts';

export interface CheckFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** @param broken keys that were left out of `written` because they are wrong by themselves */
export function* crossChecks(
  written: Written,
  folders: Folders,
  broken: ReadonlySet<string> = new Set(),
): Generator<CheckFault> {
  yield* listeners(written);
  yield* distinctHubs(written);
  yield* distinctTokenFiles(written, folders);
  yield* distinctImages(written);
  yield* environment(written);
  yield* volumes(written, folders);
  yield* identityChecks(written, folders, (key) => written[key] !== undefined || broken.has(key));
  if (written.containers.user !== undefined && /^(0+|root)(:|$)/.test(written.containers.user))
    yield {
      path: ['containers', 'user'],
      message: 'notebooks never run as root; name another user, such as "1000:100"',
    };
}

function* listeners({ listen }: Written): Generator<CheckFault> {
  if (listen.http === false && listen.socket === false)
    yield { path: ['listen'], message: 'http and socket are both false; leave one of them on' };
  if (listen.http !== false && listen.http.tls === undefined && !isLoopback(listen.http.address))
    yield {
      path: ['listen', 'http', 'address'],
      message: `${listen.http.address} is reachable from elsewhere, so tokens would travel in clear; add tls: {certificate, key}, or listen on 127.0.0.1`,
    };
}

/** True for addresses that only this host reaches. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

function* distinctHubs({ hubs }: Written): Generator<CheckFault> {
  for (const [index, first] of repeated(hubs.map((hub) => hub.name)))
    yield { path: ['hubs', index, 'name'], message: `hub ${first + 1} has this name already; each hub needs its own` };
}

/** The file of a hub whose `tokenFile` isn't configured. */
export function hubTokenFile(name: string, folders: Folders): string {
  return posix.join(folders.state, name === 'default' ? 'hub.token' : `hub-${name}.token`);
}

function* distinctTokenFiles(written: Written, folders: Folders): Generator<CheckFault> {
  const files: { path: (string | number)[]; file: string }[] = written.hubs.map((hub, index) => ({
    path: ['hubs', index, 'tokenFile'],
    file: hub.tokenFile ?? hubTokenFile(hub.name, folders),
  }));
  files.push({
    path: ['adminTokenFile'],
    file: written.adminTokenFile ?? posix.join(folders.state, 'admin.token'),
  });
  if (written.viewerTokenFile !== undefined) files.push({ path: ['viewerTokenFile'], file: written.viewerTokenFile });
  for (const [index, first] of repeated(files.map(({ file }) => file)))
    yield {
      path: files[index]?.path ?? [],
      message: `${files[first]?.path.join('.')} is this file already; a token has one role, so give each its own file`,
    };
}

function* distinctImages({ images }: Written): Generator<CheckFault> {
  const references = images.map((image) => (typeof image === 'string' ? image : image.reference));
  for (const [index, first] of repeated(references))
    yield { path: ['images', index], message: `image ${first + 1} is the same; leave one of them out` };
}

/** What the hub sends with each start; a site's value would make every start refused. */
const ofTheHub = /^(JUPYTERHUB_|JPY_|CONFIGPROXY_)/;

function* environment({ containers }: Written): Generator<CheckFault> {
  for (const name of Object.keys(containers.environment)) {
    const path = ['containers', 'environment', name];
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
      yield { path, message: 'no name of a variable; letters, digits and _ only, the first no digit' };
    else if (name.startsWith('LD_'))
      yield { path, message: 'would change how every program in the container is loaded; leave it out' };
    else if (isRefusedVariable(name) || ofTheHub.test(name))
      yield { path, message: 'is set by Berth or the hub; leave it out' };
  }
}

const targetsNotAllowed = ['/', '/proc', '/sys', '/dev', '/run/berth'];
/** Not these folders themselves; a folder within may be right. */
const sourcesTooWide = new Set([
  '/',
  '/tmp',
  '/var',
  '/run',
  '/usr',
  '/boot',
  '/root',
  '/etc',
  '/home',
  '/bin',
  '/lib',
  '/opt',
]);
/** Neither these nor anything within them. */
const sourcesNotAllowed = ['/proc', '/sys', '/dev', '/run/docker.sock', '/var/run/docker.sock', '/run/containerd'];

function* volumes({ containers, docker }: Written, folders: Folders): Generator<CheckFault> {
  const secret = [...sourcesNotAllowed, docker.socket, folders.state, folders.runtime];
  for (const [index, { source, target, readOnly }] of containers.volumes.entries()) {
    const path = ['containers', 'volumes', index];
    const bad = targetsNotAllowed.find((folder) => (folder === '/' ? target === '/' : isWithin(target, folder)));
    if (bad !== undefined) yield { path: [...path, 'target'], message: `may not be ${bad} or lie in it` };
    if (!isTemplate(source))
      yield {
        path: [...path, 'source'],
        message: `has braces around something else than ${volumeFields.join(', ')}`,
      };
    else if (!source.startsWith('/') && !volumeTemplate.test(source))
      yield {
        path: [...path, 'source'],
        message:
          'no name of a volume for every user: it begins with a letter or digit of its own, then letters, digits, ., _, - ' +
          'and fields, such as jupyterhub-user-{username}; or it is an absolute path',
      };
    if (!source.startsWith('/')) continue;
    const clean = posix.normalize(source).replace(/(.)\/$/, '$1');
    if (source.split('/').includes('..'))
      yield { path: [...path, 'source'], message: 'may not contain ..; write the path it leads to' };
    else if (sourcesTooWide.has(clean))
      yield { path: [...path, 'source'], message: `${clean} holds far more than notebooks need; name a folder within` };
    else {
      const hit = secret.find((one) => isWithin(clean, one) || isWithin(one, clean));
      if (hit !== undefined)
        yield { path: [...path, 'source'], message: `would show notebooks ${hit}; choose another folder` };
      else if (isWithin(clean, '/etc') && !readOnly)
        yield {
          path: [...path, 'source'],
          message: "the host's /etc is mounted read-only or not at all; add readOnly: true",
        };
    }
  }
  for (const [index, first] of repeated(containers.volumes.map((volume) => volume.target)))
    yield {
      path: ['containers', 'volumes', index, 'target'],
      message: `volume ${first + 1} has this target already`,
    };
}

/** What Docker takes for a volume's name; a user's escaped name may begin with `-`, so a field can't come first. */
const volumeTemplate = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]|\{[a-z_]+\})*$/;

function isTemplate(source: string): boolean {
  try {
    volumeName(source, { user: 'user', serverName: '' });
    return true;
  } catch {
    return false;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Pairs of [index, index of the first equal one]. */
function* repeated(values: readonly string[]): Generator<[number, number]> {
  for (const [index, value] of values.entries()) {
    const first = values.indexOf(value);
    if (first < index) yield [index, first];
  }
}
