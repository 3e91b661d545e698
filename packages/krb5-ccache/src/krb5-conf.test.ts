import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { TicketError } from './errors.ts';
import { containerKrb5Conf, inlineKrb5Conf, type Krb5ConfFiles, libdefault, withLibdefaults } from './krb5-conf.ts';
import { ticketErrorOf } from './testing/caches.ts';

const site = `# The bank's krb5.conf.
includedir /etc/krb5.conf.d/
[libdefaults]
  default_realm = CORP.EXAMPLE.TEST   
  default_ccache_name = KEYRING:persistent:%{uid}
  default_keytab_name = FILE:/etc/krb5.keytab
; a comment
  OTHER.TEST = {
    forwardable = false
  }
[realms]
  CORP.EXAMPLE.TEST =
  {
    kdc = dc1.corp.example.test
    kdc = dc2.corp.example.test
    auth_to_local = RULE:[1:$1@$0](.*@CORP)s/@.*//
  }
[logging]
  default = FILE:/var/log/krb5libs.log
[plugins]
  localauth = {
    module = sssd:/usr/lib64/sssd/modules/sssd_krb5_localauth_plugin.so
  }
`;

function filesOf(contents: Readonly<Record<string, string>>): Krb5ConfFiles {
  const absent = (): Error => Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return {
    read: async (path) => {
      const text = contents[path];
      if (text === undefined) throw absent();
      return text;
    },
    list: async (folder) => {
      const names = Object.keys(contents).filter((path) => path.startsWith(`${folder.replace(/\/$/, '')}/`));
      if (names.length === 0) throw absent();
      return names.map((path) => path.slice(path.lastIndexOf('/') + 1));
    },
  };
}

const none = filesOf({});

test('includes are put in place, by name, with files of other programs left out', async () => {
  const text = await inlineKrb5Conf(
    site,
    filesOf({
      '/etc/krb5.conf.d/b.conf': '[libdefaults]\n  second = b\n',
      '/etc/krb5.conf.d/a': 'include /etc/more\n[libdefaults]\n  first = a\n',
      '/etc/krb5.conf.d/a.rpmsave': '[libdefaults]\n  first = rpmsave\n',
      '/etc/krb5.conf.d/.hidden.conf': '[libdefaults]\n  first = hidden\n',
      '/etc/more': 'module /usr/lib/lib.so:x\n[libdefaults]\n  more = yes\n',
    }),
  );
  expect(text).toBe(`[libdefaults]
  more = yes
  first = a
  second = b
  default_realm = CORP.EXAMPLE.TEST
  default_ccache_name = KEYRING:persistent:%{uid}
  default_keytab_name = FILE:/etc/krb5.keytab
  OTHER.TEST = {
    forwardable = false
  }

[realms]
  CORP.EXAMPLE.TEST = {
    kdc = dc1.corp.example.test
    kdc = dc2.corp.example.test
    auth_to_local = RULE:[1:$1@$0](.*@CORP)s/@.*//
  }

[logging]
  default = FILE:/var/log/krb5libs.log

[plugins]
  localauth = {
    module = sssd:/usr/lib64/sssd/modules/sssd_krb5_localauth_plugin.so
  }
`);
});

test('after an include the section goes on', async () => {
  const text = '[libdefaults]\n  a = 1\ninclude /x\n  b = 2\n';
  expect(await inlineKrb5Conf(text, filesOf({ '/x': '[realms]\n R = {\n }\n' }))).toBe(
    '[libdefaults]\n  a = 1\n  b = 2\n\n[realms]\n  R = {\n  }\n',
  );
});

test('containers get neither files of the host, nor its logs, nor its libraries', async () => {
  const text = await containerKrb5Conf(await inlineKrb5Conf(site.replace(/^includedir.*$/m, ''), none));
  expect(text).toBe(`[libdefaults]
  default_realm = CORP.EXAMPLE.TEST
  OTHER.TEST = {
    forwardable = false
  }

[realms]
  CORP.EXAMPLE.TEST = {
    kdc = dc1.corp.example.test
    kdc = dc2.corp.example.test
    auth_to_local = RULE:[1:$1@$0](.*@CORP)s/@.*//
  }
`);
});

test('what is set takes the place of what was there, for all realms and for one', async () => {
  const text = '[libdefaults]\n forwardable = false\n R = {\n  forwardable = false\n  x = 1\n }\n';
  expect(await withLibdefaults(text, { forwardable: true, renew_lifetime: '7d' })).toBe(
    '[libdefaults]\n  forwardable = true\n  renew_lifetime = 7d\n  R = {\n    x = 1\n  }\n',
  );
});

test('an empty krb5.conf can be added to', async () => {
  expect(await withLibdefaults('', { forwardable: true })).toBe('[libdefaults]\n  forwardable = true\n');
});

test('the first value counts, as for MIT', async () => {
  const text = '[libdefaults]\n default_ccache_name = FILE:/a\n[libdefaults]\n default_ccache_name = FILE:/b\n';
  expect(await libdefault(text, 'default_ccache_name')).toBe('FILE:/a');
  expect(await libdefault(text, 'default_realm')).toBeUndefined();
});

test('quoted values keep their spaces and letters', async () => {
  const text = '[libdefaults]\n a = " x \\"y\\\\\\n "\n b = x "y"\n';
  expect(await libdefault(text, 'a')).toBe(' x "y\\\n ');
  expect(await libdefault(text, 'b')).toBe('x "y"');
  const again = await inlineKrb5Conf(text, none);
  expect(await libdefault(again, 'a')).toBe(' x "y\\\n ');
});

const refused: readonly { text: string; says: string }[] = [
  { text: '[libdefaults]\na = \u001B[31m', says: 'line 2: it holds a control character' },
  { text: '[libdefaults]\na = x\u0000y', says: 'line 2: it holds a control character' },
  { text: '[libdefaults]\n\nnonsense', says: 'line 3: it is neither a section nor tag = value' },
  { text: '[libdefaults]\na b = c', says: 'neither a section nor' },
  { text: '[libdefaults', says: 'line 1: a section is written [name]' },
  { text: '[realms]\nR = {\nkdc = x', says: 'a } is missing at its end' },
  { text: '[realms]\n}', says: 'line 2: there is a } without its {' },
  { text: '[realms]\nR = {\n[libdefaults]', says: 'line 3: a section begins within braces' },
  { text: '[realms]\nR =\nkdc = x', says: 'line 3: a tag without a value asks for {' },
  { text: '[realms]\nR = {\ninclude /x\n}', says: 'line 3: include within braces' },
  { text: 'include relative', says: 'include asks for an absolute path, not "relative"' },
  { text: 'include /absent', says: "/absent, which krb5.conf includes, can't be read" },
  { text: 'includedir /absent', says: "/absent, which krb5.conf includes, can't be listed" },
];

test.each(refused)('$text is refused: $says', async ({ text, says }) => {
  const error = await ticketErrorOf(() => inlineKrb5Conf(text, none));
  expect(error.code).toBe('ticket-failed');
  expect(error.message).toContain(says);
});

test('a file that includes itself ends', async () => {
  const { message } = await ticketErrorOf(() => inlineKrb5Conf('include /a', filesOf({ '/a': 'include /a\n' })));
  expect(message).toContain('does a file include itself?');
});

test('a folder of files that include their folder ends', async () => {
  const names = Array.from({ length: 20 }, (_, index) => [`/d/${index}`, 'includedir /d\n']);
  const { message } = await ticketErrorOf(() => inlineKrb5Conf('includedir /d', filesOf(Object.fromEntries(names))));
  expect(message).toContain('too many includes');
});

test('files that each include the next twice end', async () => {
  const names = Array.from({ length: 9 }, (_, index) => [
    `/${index}`,
    `include /${index + 1}\ninclude /${index + 1}\n`,
  ]);
  const files = filesOf({ ...Object.fromEntries(names), '/9': '[libdefaults]\n a = b\n' });
  expect((await ticketErrorOf(() => inlineKrb5Conf('include /0', files))).message).toContain('too many includes');
});

test('a text with includes is not given to containers', async () => {
  const { message } = await ticketErrorOf(() => containerKrb5Conf('include /etc/x'));
  expect(message).toContain('its includes must be put in place');
});

test('any text ends in a krb5.conf or in a TicketError, and what was written is read as the same', async () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[libdefaults]',
      '[realms]',
      'R = {',
      '}',
      'a = b',
      'a* = "b"',
      'x =',
      '{',
      '# no',
      'include /x',
      '',
    ),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      try {
        const text = await inlineKrb5Conf(lines.join('\n'), filesOf({ '/x': '[libdefaults]\n c = d\n' }));
        expect(await inlineKrb5Conf(text, none)).toBe(text);
      } catch (error) {
        if (!(error instanceof TicketError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
