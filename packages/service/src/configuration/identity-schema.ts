/** What berth.yaml may say of users: the directory, who may log in, accounts, Kerberos tickets. */
import { z } from 'zod';
import { duration, flag, integer, oneOf, path, text } from './schema-values.ts';

const dnsName = text(
  /^[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*$/,
  'a DNS name such as corp.example.test',
);

const realm = text(/^[A-Za-z0-9.-]{1,253}$/, 'a Kerberos realm such as CORP.EXAMPLE.TEST');

const server = text(
  /^ldaps?:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/,
  'ldaps://host, or ldap://host, which then is StartTLS; a port may follow',
);

export const directory = z.strictObject({
  domain: dnsName.transform((name) => name.toLowerCase()),
  netbios: text(/^[A-Za-z0-9_-]{1,15}$/, 'the NetBIOS name of the domain, such as BANK').optional(),
  realm: realm.optional(),
  servers: z.array(server, { error: 'a list of servers' }).max(32, { error: 'at most 32 servers' }).default([]),
  site: text(/^[A-Za-z0-9_-]{1,63}$/, "an AD site's name").optional(),
  caFile: path.optional(),
  serviceAccount: z
    .strictObject({
      name: text(/^[^\p{Cc}]{1,1024}$/u, 'svc-berth@corp.example.test, BANK\\svc-berth or a DN'),
      passwordFile: path,
    })
    .optional(),
  baseDn: text(/^[^\p{Cc}]{1,2048}$/u, 'a DN').optional(),
  timeouts: z
    .strictObject({
      connect: duration().prefault('3s'),
      operation: duration().prefault('5s'),
      login: duration().prefault('8s'),
    })
    .prefault({}),
  groupCache: duration().prefault('10m'),
});

const group = text(/^[^\p{Cc}]{1,2048}$/u, "a group: 'BANK\\risk analysts', its DN or its SID");
const groups = z.array(group, { error: 'a list of groups' }).max(1000, { error: 'at most 1000 groups' });
const sentence = text(/^[^\p{Cc}]{1,500}$/u, 'a sentence of at most 500 characters');

export const login = z.strictObject({
  allow: groups.min(1, { error: 'at least one group, else nobody could log in' }),
  adminGroups: groups.default([]),
  hubGroups: groups.default([]),
  userName: oneOf(['name', 'name@domain', 'domain\\name']).default('name'),
  messages: z
    .partialRecord(
      // Not for a wrong password: there the hub has words of its own.
      oneOf([
        ...(['account-disabled', 'account-locked', 'account-expired', 'password-expired'] as const),
        ...(['password-must-change', 'logon-hours', 'logon-workstation', 'group-missing'] as const),
      ]),
      sentence,
    )
    .default({}),
  throttle: z
    .strictObject({
      attempts: integer(1, 1000).default(4),
      window: duration().prefault('30m'),
      addressAttempts: integer(1, 100_000).default(50),
      trustedProxies: z
        .array(text(/^[0-9A-Fa-f:.]{2,45}(\/\d{1,3})?$/, 'an address or a network such as 10.0.0.0/8'), {
          error: 'a list of addresses or networks',
        })
        .optional(),
    })
    .prefault({}),
  grace: duration().prefault('8h'),
});

/** Container engines take no higher one. */
const id = (least: number) => integer(least, 2_147_483_647);
const domainSid = text(/^S-1-5-21(-\d{1,10}){3}$/, "a domain's SID, such as S-1-5-21-1-2-3");

export const accounts = z.strictObject({
  source: z.union(
    [
      z.enum(['name-service', 'pbis', 'sssd', 'rfc2307']),
      z.strictObject({
        sssd: z.strictObject({
          rangeMin: id(1).optional(),
          rangeMax: id(1).optional(),
          rangeSize: id(1).optional(),
          defaultDomain: domainSid.optional(),
        }),
      }),
      z.strictObject({
        winbind: z.strictObject({ domain: domainSid, low: id(1), high: id(1), baseRid: id(0).default(0) }),
      }),
    ],
    { error: 'name-service, pbis, sssd, rfc2307, {sssd: {...}} or {winbind: {domain, low, high}}' },
  ),
  names: z
    .array(
      text(
        /^[^\p{Cc}:/]{0,100}\{name\^?\}[^\p{Cc}:/]{0,100}$/u,
        'a spelling that holds {name}; {domain} and {dnsDomain} may be in it',
      ),
      { error: 'a list of spellings' },
    )
    .min(1, { error: 'at least one spelling' })
    .default(['{domain}\\{name^}', '{domain}\\{name}', '{name}@{dnsDomain}', '{name}']),
  minId: id(1).default(1000),
  forbiddenGroups: z
    .array(text(/^[^\p{Cc}:]{1,256}$/u, "a group's name"), { error: "a list of groups' names" })
    .optional(),
  home: z
    .strictObject({
      roots: z.array(path, { error: 'a list of folders' }).min(1, { error: 'at least one folder' }).default(['/home']),
      template: text(/^\/[^\p{Cc}:]{1,1000}$/u, 'a path such as /home/{domain}/{username}').default(
        '/home/{domain}/{username}',
      ),
      create: flag.default(false),
      mount: flag.default(true),
    })
    .prefault({}),
  separator: text(/^[^\p{L}\p{N}\p{C}\s@:,/.-]$/u, "winbind's separator, one character such as +").optional(),
  shell: path.prefault('/bin/bash'),
  sockets: z.array(path, { error: 'a list of paths' }).max(16, { error: 'at most 16 paths' }).default([]),
});

export const tickets = z.strictObject({
  sources: z
    .array(oneOf(['password', 'keytab', 'host']), { error: 'a list of password, keytab and host' })
    .min(1, { error: 'at least one of password, keytab and host' })
    .prefault(['password']),
  start: oneOf(['required', 'optional']).default('required'),
  realm: realm.optional(),
  krb5Conf: path.prefault('/etc/krb5.conf'),
  kinit: path.prefault('/usr/bin/kinit'),
  keytabFolder: path.optional(),
  minimumLife: duration().prefault('10m'),
  life: duration(60).optional(),
  renewLife: duration(60).prefault('7d'),
  timeout: duration().prefault('10s'),
  hostCaches: z
    .array(text(/^[^\p{Cc}]{1,500}$/u, 'a path or TYPE:path, with {uid} and {username}'), { error: 'a list of caches' })
    .default([]),
  trustHub: flag.default(false),
});
