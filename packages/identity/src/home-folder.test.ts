/** On the real file system, as root: owners can't be set otherwise. */
import { expect, test } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HomeFiles, hostHomeFiles } from './home-files.ts';
import { prepareHome } from './home-folder.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const uid = 1_165_040_649;
const gid = 210_764_289;

/** `home`, the root of homes, in a folder of its own; `outside` lies beside it. */
function world() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'berth-homes-')));
  const root = join(folder, 'home');
  const outside = join(folder, 'outside');
  for (const each of [folder, root, outside]) {
    mkdirSync(each, { recursive: true });
    chmodSync(each, 0o755);
  }
  const prepare = (home: string, rules: object = {}, files: HomeFiles = hostHomeFiles) =>
    prepareHome({ name: 'user1', uid, gid, home }, { roots: [root], create: true, ...rules }, files);
  return { folder, root, outside, prepare, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Kind, owner and mode of each entry below, in one text: what must not change. */
function picture(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .toSorted()
    .map((name) => {
      const state = lstatSync(join(folder, name));
      const target = state.isSymbolicLink() ? readlinkSync(join(folder, name)) : '';
      return [name, state.mode, state.uid, state.gid, state.ino, target].join(' ');
    })
    .join('\n');
}

test('a missing home is made, 0700 and its owner’s, and nothing else is left', async () => {
  using at = world();
  const home = join(at.root, 'user1');
  expect(await at.prepare(home)).toBe(home);
  const state = lstatSync(home);
  expect([state.mode & 0o7777, state.uid, state.gid]).toEqual([0o700, uid, gid]);
  expect(readdirSync(at.root)).toEqual(['user1']);
});

test('a home is made with the mode that the site wants, whatever the umask', async () => {
  using at = world();
  await at.prepare(join(at.root, 'user1'), { mode: 0o2750 });
  expect(lstatSync(join(at.root, 'user1')).mode & 0o7777).toBe(0o2750);
});

test('a home that is there stays as it is, whatever its mode and group', async () => {
  using at = world();
  const home = join(at.root, 'user1');
  mkdirSync(home);
  chownSync(home, uid, 5000);
  chmodSync(home, 0o751);
  writeFileSync(join(home, 'file'), '');
  const before = picture(at.folder);
  expect(await at.prepare(home)).toBe(home);
  expect(await at.prepare(home, { create: false })).toBe(home);
  expect(picture(at.folder)).toBe(before);
});

test('the root of homes may be a link, and what is mounted is the real path', async () => {
  using at = world();
  symlinkSync(at.root, join(at.folder, 'link'));
  const home = await at.prepare(join(at.folder, 'link', 'user1'), { roots: [join(at.folder, 'link')] });
  expect(home).toBe(join(at.root, 'user1'));
});

interface Case {
  readonly plant?: (at: { folder: string; root: string; outside: string }) => void;
  readonly home?: (at: { folder: string; root: string; outside: string }) => string;
  readonly rules?: (at: { folder: string; root: string }) => object;
  readonly reason: string;
}

const owned = (path: string) => {
  mkdirSync(path);
  chownSync(path, uid, gid);
};

test.each<[string, Case]>([
  [
    'a link to a folder of the user',
    {
      plant: ({ root, outside }) => (owned(join(outside, 'x')), symlinkSync(join(outside, 'x'), join(root, 'user1'))),
      reason: 'it is a link',
    },
  ],
  ['a link to /etc', { plant: ({ root }) => symlinkSync('/etc', join(root, 'user1')), reason: 'it is a link' }],
  [
    'a link to nowhere',
    { plant: ({ root, outside }) => symlinkSync(join(outside, 'none'), join(root, 'user1')), reason: 'it is a link' },
  ],
  ['a file', { plant: ({ root }) => writeFileSync(join(root, 'user1'), ''), reason: 'it is a file' }],
  [
    "another user's",
    {
      plant: ({ root }) => (owned(join(root, 'user1')), chownSync(join(root, 'user1'), 5000, gid)),
      reason: 'owned by uid 5000',
    },
  ],
  ["root's", { plant: ({ root }) => mkdirSync(join(root, 'user1')), reason: 'owned by uid 0' }],
  ['missing, and none is to be made', { rules: () => ({ create: false }), reason: 'there is no such folder' }],
  ['outside of the roots', { home: ({ outside }) => join(outside, 'user1'), reason: 'outside of all roots' }],
  [
    'in a folder whose name begins like the root',
    {
      plant: ({ root }) => mkdirSync(`${root}2`),
      home: ({ root }) => `${root}2/user1`,
      reason: 'outside of all roots',
    },
  ],
  [
    'outside, through a link',
    {
      plant: ({ root, outside }) => symlinkSync(outside, join(root, 'BANK')),
      home: ({ root }) => join(root, 'BANK', 'user1'),
      reason: 'outside of all roots',
    },
  ],
  ['without any root', { rules: () => ({ roots: [] }), reason: 'outside of all roots' }],
  ['under a root that is not there', { rules: () => ({ roots: ['/nonexistent'] }), reason: 'outside of all roots' }],
  ['the root itself', { home: ({ root }) => root, reason: 'itself the root' }],
  [
    'the root itself, through a link',
    {
      plant: ({ root, folder }) => symlinkSync(root, join(folder, 'link')),
      home: ({ root }) => root,
      rules: ({ folder }) => ({ roots: [join(folder, 'link')] }),
      reason: 'itself the root',
    },
  ],
  [
    'one of two roots, the other being above',
    {
      plant: ({ root }) => mkdirSync(join(root, 'BANK')),
      home: ({ root }) => join(root, 'BANK'),
      rules: ({ root }) => ({ roots: [root, join(root, 'BANK')] }),
      reason: 'itself the root',
    },
  ],
  [
    'in a parent that is missing',
    { home: ({ root }) => join(root, 'BANK', 'user1'), reason: "parent can't be found (ENOENT)" },
  ],
  [
    "in a parent of the user's",
    {
      plant: ({ root }) => owned(join(root, 'BANK')),
      home: ({ root }) => join(root, 'BANK', 'user1'),
      reason: 'others than root',
    },
  ],
  [
    'in a parent that a group can write to',
    { plant: ({ root }) => chmodSync(root, 0o775), reason: 'others than root' },
  ],
  ['in a parent that all can write to', { plant: ({ root }) => chmodSync(root, 0o757), reason: 'others than root' }],
  [
    'in a parent that all can write to, even a sticky one',
    { plant: ({ root }) => chmodSync(root, 0o1777), reason: 'others than root' },
  ],
  [
    'below a folder that all can write to',
    { plant: ({ folder }) => chmodSync(folder, 0o777), reason: 'others than root' },
  ],
  ["below a folder of another's", { plant: ({ folder }) => chownSync(folder, 5000, 0), reason: 'others than root' }],
  ['a relative path', { home: () => 'home/user1', reason: 'no plain absolute path' }],
  ['empty', { home: () => '', reason: 'no plain absolute path' }],
  ['a path with ..', { home: ({ root }) => `${root}/x/../user1`, reason: 'no plain absolute path' }],
  ['a path that ends in ..', { home: ({ root }) => `${root}/..`, reason: 'no plain absolute path' }],
  ['a path that ends with a slash', { home: ({ root }) => `${root}/user1/`, reason: 'no plain absolute path' }],
  ['a path with a line end', { home: ({ root }) => `${root}/user1\n`, reason: 'no plain absolute path' }],
  ['the root of the file system', { home: () => '/', reason: 'no plain absolute path' }],
])('a home that is %s is refused, and nothing is changed', async (_, { plant, home, rules, reason }) => {
  using at = world();
  plant?.(at);
  const before = picture(at.folder);
  const error = await identityErrorOf(() => at.prepare(home?.(at) ?? join(at.root, 'user1'), rules?.(at)));
  expect(error.code).toBe('home-unsafe');
  expect(error.message).toContain(reason);
  expect(error.message).toContain('Right would be');
  expect(picture(at.folder)).toBe(before);
});

test('no half-made home is ever seen: until it has its owner, its name is not there', async () => {
  using at = world();
  const home = join(at.root, 'user1');
  const seen: string[] = [];
  const files: HomeFiles = {
    ...hostHomeFiles,
    makeDraft: async (parent) => {
      const draft = await hostHomeFiles.makeDraft(parent);
      seen.push(`made ${existsSync(home)} ${lstatSync(draft).mode & 0o777}`);
      return draft;
    },
    rename: async (from, to) => {
      seen.push(`renamed ${existsSync(home)} ${lstatSync(from).uid}`);
      await hostHomeFiles.rename(from, to);
    },
  };
  await at.prepare(home, {}, files);
  expect(seen).toEqual([`made false ${0o700}`, `renamed false ${uid}`]);
});

test.each(['giveAway', 'rename'] as const)('where %s fails, nothing is left and the error says why', async (step) => {
  using at = world();
  const fail = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
  const error = await identityErrorOf(() => at.prepare(join(at.root, 'user1'), {}, { ...hostHomeFiles, [step]: fail }));
  expect([error.code, error.message.includes('EPERM')]).toEqual(['home-unsafe', true]);
  expect(readdirSync(at.root)).toEqual([]);
});

test.each<[string, (home: string) => void, string]>([
  [
    "another user's folder",
    (home) => (mkdirSync(join(home, 'x'), { recursive: true }), chownSync(home, 5000, gid)),
    'owned by uid 5000',
  ],
  ['a link', (home) => symlinkSync('/etc', home), 'it is a link'],
])('%s that comes in between is looked at like any other', async (_, plant, reason) => {
  using at = world();
  const home = join(at.root, 'user1');
  const rename = async (from: string, to: string) => (plant(home), hostHomeFiles.rename(from, to));
  const error = await identityErrorOf(() => at.prepare(home, {}, { ...hostHomeFiles, rename }));
  expect(error.message).toContain(reason);
  expect(readdirSync(at.root)).toEqual(['user1']);
});

test('twenty starts at once make one home', async () => {
  using at = world();
  const home = join(at.root, 'user1');
  const made = await Promise.all(Array.from({ length: 20 }, () => at.prepare(home)));
  expect(new Set(made)).toEqual(new Set([home]));
  expect(readdirSync(at.root)).toEqual(['user1']);
  expect(lstatSync(home).uid).toBe(uid);
});
