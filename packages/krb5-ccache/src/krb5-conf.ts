/**
 * The host's krb5.conf: with its includes put in place, one for containers, and one for the programs that Berth runs.
 *
 * `module` lines are left out everywhere: they name a library of the host.
 */
import { type ConfEntry, type ConfInclude, type ConfSection, confText, parseConf } from './krb5-conf-tree.ts';
import { TicketError } from './errors.ts';

/** How included files are reached. Both reject with an ErrnoException where there is none. */
export interface Krb5ConfFiles {
  read(path: string): Promise<string>;
  /** The names in a folder. */
  list(folder: string): Promise<readonly string[]>;
}

/** MIT has no limit and dies of a file that includes itself. */
const MAXIMUM_DEPTH = 10;
const MAXIMUM_FILES = 200;

/**
 * The text without `include` and `includedir`: what these name stands in their place.
 * @throws TicketError `ticket-failed`: the file and line that can't be read.
 */
export async function inlineKrb5Conf(text: string, files: Krb5ConfFiles, name = 'krb5.conf'): Promise<string> {
  let opened = 0;
  const fileSections = async (path: string, depth: number): Promise<ConfSection[]> => {
    opened += 1;
    if (depth > MAXIMUM_DEPTH || opened > MAXIMUM_FILES)
      throw new TicketError('ticket-failed', `${name}: too many includes, at ${path}; does a file include itself?`);
    return parseConf(await fileText(path, files), path, (include) => included(include, depth + 1));
  };
  const included = async ({ kind, path }: ConfInclude, depth: number): Promise<ConfSection[]> => {
    if (!path.startsWith('/'))
      throw new TicketError('ticket-failed', `${name}: ${kind} asks for an absolute path, not "${path}"`);
    if (kind === 'include') return fileSections(path, depth);
    const sections: ConfSection[] = [];
    for (const file of await folderFiles(path, files)) sections.push(...(await fileSections(file, depth)));
    return sections;
  };
  return confText(await parseConf(text, name, (include) => included(include, 1)));
}

async function fileText(path: string, files: Krb5ConfFiles): Promise<string> {
  try {
    return await files.read(path);
  } catch (cause) {
    throw new TicketError('ticket-failed', `${path}, which krb5.conf includes, can't be read`, { cause });
  }
}

/** As MIT chooses them: names of letters, digits, `-` and `_`, or that end in `.conf`; no hidden ones; by name. */
async function folderFiles(folder: string, files: Krb5ConfFiles): Promise<string[]> {
  let names: readonly string[];
  try {
    names = await files.list(folder);
  } catch (cause) {
    throw new TicketError('ticket-failed', `${folder}, which krb5.conf includes, can't be listed`, { cause });
  }
  return names
    .filter((name) => /^[A-Za-z0-9_-]+$|^[^.].*\.conf$/.test(name))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => `${folder.replace(/\/+$/, '')}/${name}`);
}

/** A value of `[libdefaults]`: the first of that name, as MIT takes it. Includes must be in place already. */
export async function libdefault(text: string, key: string): Promise<string | undefined> {
  for (const { name, entries } of await parsedWithoutIncludes(text)) {
    if (name !== 'libdefaults') continue;
    for (const entry of entries) if (entry.tag === key && 'value' in entry) return entry.value;
  }
  return undefined;
}

/** What in `[libdefaults]` names files and sockets of the host. */
const hostKeys: ReadonlySet<string> = new Set([
  'default_ccache_name',
  'default_keytab_name',
  'default_client_keytab_name',
  'default_rcache_name',
  'kcm_socket',
  'kcm_mach_service',
  'k5login_directory',
  'plugin_base_dir',
  'ccache_type',
]);

/** Sections of servers, of logs on the host, and of libraries that an image doesn't have. */
const hostSections: ReadonlySet<string> = new Set(['logging', 'kdc', 'kdcdefaults', 'kadmin', 'dbmodules', 'plugins']);

/**
 * The krb5.conf that containers get: what says where the realm is, and nothing that names a file of the host. KRB5CCNAME says
 * where the ticket is. Includes must be in place already.
 * @throws TicketError `ticket-failed`: an include is left, or a line can't be read.
 */
export async function containerKrb5Conf(text: string): Promise<string> {
  const sections = await parsedWithoutIncludes(text);
  return confText(
    sections.filter(({ name }) => !hostSections.has(name)).map((section) => withoutDefaults(section, hostKeys)),
  );
}

/**
 * The same with these in `[libdefaults]`, in place of what it says there, be it for all realms or for one: MIT has no other
 * way to ask a library for renewable tickets. Includes must be in place already.
 */
export async function withLibdefaults(
  text: string,
  values: Readonly<Record<string, string | number | boolean>>,
): Promise<string> {
  const keys = new Set(Object.keys(values));
  const rest = (await parsedWithoutIncludes(text)).map((section) => withoutDefaults(section, keys));
  const entries = Object.entries(values).map(([tag, value]) => ({ tag, isFinal: false, value: String(value) }));
  return confText([{ name: 'libdefaults', isFinal: false, entries }, ...rest]);
}

function withoutDefaults(section: ConfSection, keys: ReadonlySet<string>): ConfSection {
  const { name, isFinal, entries } = section;
  return name === 'libdefaults' ? { name, isFinal, entries: without(entries, keys) } : section;
}

/** `[libdefaults]` may say a thing for one realm in braces; that wins over the plain one. */
function without(entries: readonly ConfEntry[], keys: ReadonlySet<string>): ConfEntry[] {
  return entries
    .filter(({ tag }) => !keys.has(tag))
    .map((entry) =>
      'entries' in entry ? { tag: entry.tag, isFinal: entry.isFinal, entries: without(entry.entries, keys) } : entry,
    );
}

function parsedWithoutIncludes(text: string): Promise<ConfSection[]> {
  return parseConf(text, 'krb5.conf', ({ kind, path }) => {
    throw new TicketError('ticket-failed', `krb5.conf still has ${kind} ${path}; its includes must be put in place`);
  });
}
