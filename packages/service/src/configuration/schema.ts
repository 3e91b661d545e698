/** What berth.yaml may say, key by key. What keys mean together is checked in checks.ts. */
import { z } from 'zod';
import { accounts, directory, login, tickets } from './identity-schema.ts';
import { duration, flag, integer, oneOf, path, size, text, url } from './schema-values.ts';

const reference = text(
  /^[a-z0-9][A-Za-z0-9._/:@-]{0,511}$/,
  'an image reference such as quay.io/jupyterhub/singleuser:5',
);

const image = z.union([
  reference,
  z.strictObject({
    reference,
    title: text(/^[^\p{Cc}]{1,100}$/u, 'a title of 1 to 100 characters').optional(),
    pull: oneOf(['missing', 'always', 'never']).default('missing'),
  }),
]);

const argument = text(/^[^\0]{0,4096}$/, 'text of at most 4096 characters');

const hub = z.strictObject({
  name: text(/^[a-z0-9-]{1,30}$/, '1 to 30 characters of a-z, 0-9 and -'),
  tokenFile: path.optional(),
  apiUrl: url.optional(),
  container: text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, "a container's name").optional(),
});

const http = z.strictObject({
  address: text(/^[0-9A-Fa-f:.]{2,45}$|^localhost$/, 'an IP address, or localhost').default('127.0.0.1'),
  port: integer(0, 65_535).default(8550),
  tls: z.strictObject({ certificate: path, key: path }).optional(),
});

const volume = z.strictObject({
  source: text(
    /^(\/[^\p{Cc}]{0,1000}|[A-Za-z0-9{][A-Za-z0-9_.{}-]{0,200})$/u,
    "a volume's name or an absolute path on the host, with {username} and the like",
  ),
  target: path,
  readOnly: flag.default(false),
});

const containers = z.strictObject({
  prefix: text(/^[a-z0-9][a-z0-9-]{0,20}$/, '1 to 21 characters of a-z, 0-9 and -, the first no -').default('berth'),
  user: text(
    /^[a-z0-9_][a-z0-9_-]{0,31}(:[a-z0-9_][a-z0-9_-]{0,31})?$/,
    'uid, uid:gid or names, in quotes: "1000:100"',
  ).optional(),
  memory: size(6 * 2 ** 20, '6MiB').optional(),
  cpus: z
    .number({ error: 'a number such as 0.5 or 2' })
    .min(0.01, { error: 'a number from 0.01' })
    .max(4096, { error: 'a number up to 4096' })
    .optional(),
  pids: integer(16, 4_194_304).default(4096),
  // A dockerd without CAP_SYS_RESOURCE (itself in a container) can't give more than its own hard limit, often 20,000.
  openFiles: integer(256, 1_048_576).default(16_384),
  shm: size(2 ** 20, '1MiB').optional(),
  environment: z.record(z.string(), text(/^[^\0]{0,65536}$/, 'text, numbers in quotes')).default({}),
  volumes: z.array(volume, { error: 'a list of volumes' }).max(100, { error: 'at most 100 volumes' }).default([]),
  workingDirectory: path.optional(),
  stopGrace: duration().prefault('10s'),
  logs: z
    .strictObject({ maxSize: size(2 ** 16, '64KiB').prefault('10MiB'), maxFiles: integer(1, 100).default(2) })
    .prefault({}),
});

export const schema = z.strictObject({
  instance: text(/^[a-z0-9-]{8,40}$/, '8 to 40 characters of a-z, 0-9 and -').optional(),
  listen: z
    .strictObject({
      http: z.union([z.literal(false), http]).prefault({}),
      socket: z.union([z.literal(false), path]).optional(),
    })
    .prefault({}),
  hubs: z
    .array(hub, { error: 'a list of hubs' })
    .min(1, { error: 'at least one hub' })
    .max(100, { error: 'at most 100 hubs' })
    .prefault([{ name: 'default' }]),
  adminTokenFile: path.optional(),
  viewerTokenFile: path.optional(),
  docker: z
    .strictObject({
      socket: path.prefault('/var/run/docker.sock'),
      callTimeout: duration().prefault('30s'),
      pullTimeout: duration().prefault('30m'),
      resync: duration(5).prefault('60s'),
    })
    .prefault({}),
  network: z
    .strictObject({
      name: text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, "a network's name").default('berth'),
      mode: oneOf(['own', 'existing']).default('own'),
    })
    .prefault({}),
  images: z
    .array(image, { error: 'a list of images' })
    .min(1, { error: 'at least one image' })
    .max(200, { error: 'at most 200 images' })
    .prefault(['quay.io/jupyterhub/singleuser:5']),
  commands: z
    .array(z.array(argument).min(1, { error: 'at least the program' }), {
      error: 'a list of commands, each a list of words',
    })
    .default([]),
  directory: directory.optional(),
  login: login.optional(),
  accounts: accounts.optional(),
  tickets: tickets.optional(),
  audit: z.strictObject({ file: path.optional() }).prefault({}),
  containers: containers.prefault({}),
  history: z
    .strictObject({ keep: duration(3600).prefault('90d'), logLines: integer(0, 5000).default(100) })
    .prefault({}),
  abandoned: z.strictObject({ after: duration(60).prefault('72h'), stop: flag.default(false) }).prefault({}),
  maximumAge: duration(60).optional(),
  log: z
    .strictObject({
      level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
      format: oneOf(['json', 'pretty']).default('json'),
    })
    .prefault({}),
});

/** The file's content with its defaults, before paths that depend on the state and runtime folders are filled in. */
export type Written = z.output<typeof schema>;
