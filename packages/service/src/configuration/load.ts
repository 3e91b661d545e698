/** Reads berth.yaml. All that is wrong is reported at once, each with its line. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { isCollection, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { crossChecks, hubTokenFile } from './checks.ts';
import { ConfigurationError, type Configuration, type Fault, type Folders, type TokenFile } from './configuration.ts';
import { placeIssues, type KeyPath, type PlacedFault } from './faults.ts';
import { schema, type Written } from './schema.ts';

const maximumBytes = 2 ** 20;

/**
 * The configuration of a file; without one, the defaults. Rejects with a ConfigurationError.
 *
 * @param file a path that was asked for and must exist, or undefined
 */
export async function loadConfiguration(file: string | undefined, folders: Folders): Promise<Configuration> {
  if (file === undefined) return parseConfiguration('', 'defaults', folders);
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message;
    throw new ConfigurationError(file, [{ line: undefined, path: '', message: `cannot be read: ${reason}` }]);
  }
  if (content.length > maximumBytes)
    throw new ConfigurationError(file, [{ line: undefined, path: '', message: 'is larger than 1 MiB' }]);
  return parseConfiguration(content.toString('utf8'), file, folders);
}

/** Throws a ConfigurationError that names `file`. */
export function parseConfiguration(text: string, file: string, folders: Folders): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new ConfigurationError(
      file,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        path: '',
        message: `is no valid YAML: ${error.message}`,
      })),
    );
  const { written, faults } = interpret(document.toJS() ?? {}, folders);
  if (written === undefined || faults.length > 0) {
    const placed = faults.map(({ path, message }): Fault => ({
      line: lineOf(document, path, lines),
      path: dotted(path),
      message,
    }));
    throw new ConfigurationError(
      file,
      placed.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  }
  return deepFreeze(resolve(written, folders));
}

/** Key by key, then across keys; where some keys are wrong, the others are still checked across. */
function interpret(raw: unknown, folders: Folders): { written: Written | undefined; faults: PlacedFault[] } {
  const first = schema.safeParse(raw, { reportInput: true });
  if (first.success) return { written: first.data, faults: [...crossChecks(first.data, folders)] };
  const faults = placeIssues(first.error.issues, schema);
  const broken = new Set(faults.map(({ path }) => String(path[0])));
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { written: undefined, faults };
  const rest = schema.safeParse(Object.fromEntries(Object.entries(raw).filter(([key]) => !broken.has(key))));
  const across = rest.success ? [...crossChecks(rest.data, folders, broken)] : [];
  return { written: undefined, faults: [...faults, ...across.filter(({ path }) => !broken.has(String(path[0])))] };
}

function resolve(written: Written, folders: Folders): Configuration {
  const { adminTokenFile, viewerTokenFile, listen, hubs, images, ...rest } = written;
  const tokenFile = (path: string | undefined, fallback: string): TokenFile => ({
    path: path ?? fallback,
    declared: path !== undefined,
  });
  return {
    ...rest,
    listen: { http: listen.http, socket: listen.socket ?? posix.join(folders.runtime, 'hub.sock') },
    hubs: hubs.map((hub) => ({
      name: hub.name,
      token: tokenFile(hub.tokenFile, hubTokenFile(hub.name, folders)),
      apiUrl: hub.apiUrl,
      container: hub.container,
    })),
    adminToken: tokenFile(adminTokenFile, posix.join(folders.state, 'admin.token')),
    viewerToken: viewerTokenFile === undefined ? undefined : { path: viewerTokenFile, declared: true },
    images: images.map((image) =>
      typeof image === 'string'
        ? { reference: image, title: image, pull: 'missing' }
        : { reference: image.reference, title: image.title ?? image.reference, pull: image.pull },
    ),
  };
}

/** The line of the key at `path`, or of the nearest one above it. */
function lineOf(document: Document, path: KeyPath, lines: LineCounter): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const part of path) {
    if (!isCollection(node)) break;
    const item: unknown = node.items.find((one, index) =>
      isPair(one) ? isScalar(one.key) && String(one.key.value) === String(part) : index === part,
    );
    if (item === undefined) break;
    const place = (isPair(item) ? item.key : item) as Node;
    offset = place.range?.[0] ?? offset;
    node = isPair(item) ? item.value : item;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function dotted(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
