/** Starts that a hub may not have: a site gives 256 MiB, 1 CPU, one image, the commands `/bin/serve` and `/bin/sleep 300`. */

/** What a body says beside the fields of a start; each of them asks Docker for more than a hub may have. */
export const unknownFields: readonly Readonly<Record<string, unknown>>[] = [
  { mounts: [{ type: 'bind', source: '/', target: '/host' }] },
  { volumes: ['/:/host'] },
  { binds: ['/var/run/docker.sock:/docker.sock'] },
  { HostConfig: { Privileged: true } },
  { privileged: true },
  { capAdd: ['SYS_ADMIN'] },
  { capabilities: { add: ['ALL'] } },
  { securityOpt: ['seccomp=unconfined'] },
  { devices: ['/dev/sda'] },
  { deviceRequests: [{ count: -1 }] },
  { network: 'host' },
  { networkMode: 'host' },
  { pidMode: 'host' },
  { ipcMode: 'host' },
  { usernsMode: 'host' },
  { cgroupParent: '/' },
  { uid: 0 },
  { runAs: 'root' },
  { entrypoint: ['/bin/sh'] },
  { workingDirectory: '/proc/1/root' },
  { hostname: 'hub' },
  { labels: { 'berth.hub': 'other' } },
  { name: 'berth-other' },
  { publish: [{ containerPort: 22, hostPort: 22 }] },
  { restartPolicy: 'always' },
  { runtime: 'other' },
  { sysctls: { 'kernel.msgmax': '1' } },
  { hub: 'other' },
  { pull: 'always' },
];

/** Beside a pinned `http://hub.example:8081/hub/api`. */
const hubUrls = {
  'another host': 'http://evil.example:8081/hub/api',
  'another port': 'http://hub.example:8082/hub/api',
  'another scheme': 'https://hub.example:8081/hub/api',
  'the right one as a user name': 'http://hub.example:8081@evil.example/hub/api',
  'a user name': 'http://me@hub.example:8081/hub/api',
  'a longer last segment': 'http://hub.example:8081/hub/apis',
  'a path above': 'http://hub.example:8081/hub/api/../../evil',
  'a path above, encoded': 'http://hub.example:8081/hub/api/%2e%2e/%2e%2e/evil',
  'a path above, by backslash': 'http://hub.example:8081/hub/api\\..\\..\\evil',
  'no URL': 'hub.example:8081',
  nothing: '',
};

/** What a start has beside what it needs, in words and as it is sent; status and code of the answer. */
export const refusals: readonly (readonly [string, object, number, string])[] = [
  ['an image that is not offered', { image: 'debian:bookworm' }, 403, 'image-not-allowed'],
  ['an offered image of another tag', { image: 'berth-test/tiny:2' }, 403, 'image-not-allowed'],
  ['an offered image by another registry', { image: 'evil.example/berth-test/tiny:1' }, 403, 'image-not-allowed'],
  ['an image that is an option', { image: '--privileged' }, 400, 'request-invalid'],
  ['a command that is not listed', { command: ['/bin/sh', '-c', 'id'] }, 403, 'command-not-allowed'],
  ['a listed command with one word more', { command: ['/bin/serve', '-x'] }, 403, 'command-not-allowed'],
  ['a listed command with one word less', { command: ['/bin/sleep'] }, 403, 'command-not-allowed'],
  ['a listed command as one word', { command: ['/bin/sleep 300'] }, 403, 'command-not-allowed'],
  ['an empty command', { command: [] }, 400, 'request-invalid'],
  ['a command with NUL', { command: ['/bin/serve\0'] }, 400, 'request-invalid'],
  ['more memory than there is for it', { limits: { memoryBytes: 2 ** 28 + 1 } }, 403, 'limits-exceeded'],
  ['more CPUs than there are for it', { limits: { cpus: 1.01 } }, 403, 'limits-exceeded'],
  ['no limit, as a negative one', { limits: { memoryBytes: -1 } }, 400, 'request-invalid'],
  ['no limit, as null', { limits: { memoryBytes: null } }, 400, 'request-invalid'],
  ['a limit of its own making', { limits: { pids: -1 } }, 400, 'request-invalid'],
  ['a privileged port', { port: 80 }, 400, 'request-invalid'],
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GCONV_PATH', 'GLIBC_TUNABLES'].map(refusedVariable),
  ...['BERTH_TOKEN', 'KRB5CCNAME', 'KRB5_CONFIG', 'SPARK_SUBMIT_OPTS', 'SITE'].map(refusedVariable),
  ['a variable with =', { environment: { 'LD_PRELOAD=x': 'y' } }, 400, 'request-invalid'],
  ['a variable with a line break', { environment: { 'A\nLD_PRELOAD': 'y' } }, 400, 'request-invalid'],
  ['a variable without a name', { environment: { '': 'y' } }, 400, 'request-invalid'],
  ['a value with NUL', { environment: { A: 'x\0LD_PRELOAD=y' } }, 400, 'request-invalid'],
  ['a value that is no text', { environment: { A: { toString: 'x' } } }, 400, 'request-invalid'],
  ...Object.entries(hubUrls).flatMap(([what, url]) =>
    ['JUPYTERHUB_API_URL', 'JUPYTERHUB_ACTIVITY_URL', 'JPY_HUB_API_URL'].map(
      (name) => [`${name} with ${what}`, { environment: { [name]: url } }, 403, 'hub-url-mismatch'] as const,
    ),
  ),
  ['a generation of nothing', { generation: 0 }, 400, 'request-invalid'],
  ['a negative generation', { generation: -1 }, 400, 'request-invalid'],
  ['a broken generation', { generation: 1.5 }, 400, 'request-invalid'],
  ['a generation beyond what numbers hold', { generation: 2 ** 53 }, 400, 'request-invalid'],
  ['a generation as text', { generation: '1' }, 400, 'request-invalid'],
  ['a budget without end', { budgetSeconds: 1e9 }, 400, 'request-invalid'],
  [
    'certificates that are none',
    { certificates: { key: 'x', certificate: 'x', authority: 'x' } },
    400,
    'request-invalid',
  ],
  ['a certificate by path', { certificates: '/etc/shadow' }, 400, 'request-invalid'],
];

function refusedVariable(name: string) {
  return [`the variable ${name}`, { environment: { [name]: 'x' } }, 403, 'environment-not-allowed'] as const;
}
