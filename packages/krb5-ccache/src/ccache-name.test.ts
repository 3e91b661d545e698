import { expect, test } from '@jest/globals';
import { type CacheSources, cachePattern, candidateCaches, expandTokens, hostCachePatterns } from './ccache-name.ts';
import { ticketErrorOf } from './testing/caches.ts';

const user1 = { uid: 1001, username: 'user1' };

const places: readonly { what: string; sources: Partial<CacheSources>; first: object }[] = [
  { what: 'nothing said', sources: {}, first: { kind: 'file', path: '/tmp/krb5cc_1001' } },
  {
    what: 'KRB5CCNAME wins over default_ccache_name',
    sources: { environment: 'FILE:/a', defaultCcacheName: 'FILE:/b', buildDefault: 'FILE:/c' },
    first: { kind: 'file', path: '/a', from: 'KRB5CCNAME' },
  },
  {
    what: 'default_ccache_name wins over the build',
    sources: { defaultCcacheName: 'FILE:/b', buildDefault: 'FILE:/c' },
    first: { kind: 'file', path: '/b', from: 'default_ccache_name in krb5.conf' },
  },
  { what: 'an empty KRB5CCNAME is none', sources: { environment: '', buildDefault: 'FILE:/c' }, first: { path: '/c' } },
  { what: 'a plain path', sources: { environment: '/var/cc/x' }, first: { kind: 'file', path: '/var/cc/x' } },
  { what: 'a path with a colon', sources: { environment: '/var/a:b' }, first: { kind: 'file', path: '/var/a:b' } },
  {
    what: '%{uid}',
    sources: { environment: 'FILE:/t/%{uid}_%{euid}_%{USERID}' },
    first: { path: '/t/1001_1001_1001' },
  },
  { what: '%{username}', sources: { environment: 'FILE:/h/%{username}/cc' }, first: { path: '/h/user1/cc' } },
  {
    what: '%{TEMP}',
    sources: { environment: 'FILE:%{TEMP}/cc%{null}', tmp: '/scratch' },
    first: { path: '/scratch/cc' },
  },
  {
    what: 'a DIR collection',
    sources: { environment: 'DIR:/run/user/%{uid}/krb5cc' },
    first: { kind: 'collection', folder: '/run/user/1001/krb5cc' },
  },
  {
    what: 'one cache of a collection',
    sources: { environment: 'DIR::/run/cc/tktAbC123' },
    first: { kind: 'file', path: '/run/cc/tktAbC123' },
  },
  { what: 'doubled slashes', sources: { environment: 'FILE://tmp/./x/' }, first: { path: '/tmp/x' } },
];

test.each(places)('$what', ({ sources, first }) => {
  expect(candidateCaches({ ...user1, ...sources })[0]).toMatchObject(first);
});

const unusable: readonly { name: string; code: string; says: string }[] = [
  {
    name: 'KEYRING:persistent:%{uid}',
    code: 'cache-unsupported',
    says: 'default_ccache_name = FILE:/tmp/krb5cc_%{uid} in [libdefaults] of krb5.conf, with SSSD krb5_ccname_template',
  },
  { name: 'KCM:', code: 'cache-unsupported', says: 'remove krb5.conf.d/kcm_default_ccache' },
  { name: 'KCM:%{uid}:7', code: 'cache-unsupported', says: 'the KCM daemon' },
  { name: 'MEMORY:x', code: 'cache-unsupported', says: 'gone with that process' },
  { name: 'API:', code: 'cache-unsupported', says: 'macOS and Windows' },
  { name: 'NOVEL:x', code: 'cache-unsupported', says: 'type NOVEL are not known' },
  { name: 'FILE:%{LIBDIR}/cc', code: 'cache-unsupported', says: 'has %{LIBDIR}, which says nothing about a user' },
  { name: 'FILE:/tmp/%{uid', code: 'cache-unsupported', says: 'whose } is missing' },
  { name: 'FILE:relative', code: 'cache-unsupported', says: 'must have an absolute path' },
  { name: 'FILE:/tmp/../etc/x', code: 'cache-unsupported', says: 'without ".."' },
  { name: 'FILE:/tmp/a\nb', code: 'cache-unsupported', says: 'must have an absolute path' },
  { name: 'DIR:', code: 'cache-unsupported', says: 'must have an absolute path' },
];

test.each(unusable)('$name is refused, with what to do', ({ name, code, says }) => {
  const [candidate] = candidateCaches({ ...user1, defaultCcacheName: name });
  expect(candidate).toMatchObject({ kind: 'refused', from: 'default_ccache_name in krb5.conf', error: { code } });
  expect(candidate?.kind === 'refused' && candidate.error.message).toContain(says);
});

test.each(['', '.', '..', '../root', 'a/b', 'a\0b', 'a\nb'])('the username %j leads nowhere', async (username) => {
  const error = await ticketErrorOf(() => expandTokens('FILE:/h/%{username}/cc', { uid: 1001, username }));
  expect(error.code).toBe('ticket-unsafe');
});

test.each([-1, 1.5, Number.NaN, 0xffff_ffff, 2 ** 40])('%d is no uid', async (uid) => {
  expect((await ticketErrorOf(() => expandTokens('%{uid}', { uid, username: 'x' }))).code).toBe('ticket-unsafe');
});

test('a uid above 2 ** 31 is written unsigned', () => {
  expect(expandTokens('%{uid}', { uid: 4_000_000_000, username: 'x' })).toBe('4000000000');
});

test("a username's $ and % are letters", () => {
  expect(expandTokens('/h/%{username}', { uid: 1, username: '$&%{uid}' })).toBe('/h/$&%{uid}');
  expect(cachePattern('/h/{username}/cc', { uid: 1, username: '$&{uid}' })).toMatchObject({ path: '/h/$&{uid}/cc' });
});

test('the patterns of PBIS and SSSD come after, and no place comes twice', () => {
  expect(candidateCaches({ ...user1, patterns: hostCachePatterns })).toEqual([
    { kind: 'file', path: '/tmp/krb5cc_1001', from: 'the default of krb5' },
    { kind: 'files', folder: '/tmp', prefix: 'krb5cc_1001_', from: 'the pattern FILE:/tmp/krb5cc_{uid}_*' },
  ]);
});

test('a pattern may name a collection', () => {
  expect(cachePattern('DIR:/run/user/{uid}/krb5cc', user1)).toMatchObject({
    kind: 'collection',
    folder: '/run/user/1001/krb5cc',
  });
});

test.each([
  ['/tmp/krb5cc', 'is the same for all users'],
  ['/tmp/{user}', 'has {user}; {uid} and {username} are known'],
  ['/tmp/{uid', 'has {uid; {uid} and {username} are known'],
  ['/tmp/*/{uid}', 'has a * that is not its last letter'],
  ['/tmp/{uid}/*', 'has a * that does not end the name of a file'],
  ['DIR:/tmp/{uid}*', 'has a * that does not end the name of a file'],
  ['tmp/{uid}', 'must have an absolute path'],
])('the pattern %s is refused', async (pattern, says) => {
  const error = await ticketErrorOf(() => cachePattern(pattern, user1));
  expect(error.code).toBe('cache-unsupported');
  expect(error.message).toContain(says);
});
