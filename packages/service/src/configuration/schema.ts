/** What berth.yaml may say, key by key. What keys mean together is checked in checks.ts. */
import { posix } from 'node:path';
import { z } from 'zod';
import { parseDuration, parseSize } from './values.ts';

const longest = 3650 * 86_400;

/** Seconds, written as a duration. */
function duration(least = 1) {
  const right = 'a duration such as 30s, 5m, 2h or 90d';
  return z.string({ error: right }).transform((text, context) => {
    const value = parseDuration(text);
    if (value !== undefined && value >= least && value <= longest) return value;
    const message = value === undefined ? right : `a duration from ${least}s to 3650d`;
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

/** Bytes, written as a size. */
function size(least: number, leastText: string) {
  const right = 'a size such as 512MiB or 4GiB';
  return z.string({ error: right }).transform((text, context) => {
    const value = parseSize(text);
    if (value !== undefined && value >= least) return value;
    const message = value === undefined ? right : `a size of at least ${leastText}`;
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

function text(pattern: RegExp, right: string) {
  return z.string({ error: right }).regex(pattern, { error: right });
}

function integer(least: number, most: number) {
  const right = `a whole number from ${least} to ${most}`;
  return z.int({ error: right }).min(least, { error: right }).max(most, { error: right });
}

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

const flag = z.boolean({ error: 'true or false' });

const path = z
  .string({ error: 'an absolute path' })
  .refine((value) => posix.isAbsolute(value) && !hasControl(value), { error: 'an absolute path' })
  .transform((value) => (value === '/' ? value : posix.normalize(value).replace(/\/$/, '')));

const url = z.string({ error: 'a URL that begins with http:// or https://' }).refine(
  (value) => {
    const parsed = URL.parse(value);
    return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.hash === '';
  },
  { error: 'a URL that begins with http:// or https://, without user, password or fragment' },
);

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

function hasControl(value: string): boolean {
  return /\p{Cc}/u.test(value);
}
