import { expect, test } from '@jest/globals';
import { StoreError } from '@berth/spawner';
import { ConfigurationError } from '../../configuration/configuration.ts';
import type { ServeOptions } from '../../serve.ts';
import { berth } from '../testing/berth.ts';

function running() {
  const end = new AbortController();
  const asked: ServeOptions[] = [];
  let closed = 0;
  const serve = async (options: ServeOptions) => {
    asked.push(options);
    return {
      addresses: ['http://127.0.0.1:8550', 'unix:///run/berth/hub.sock'],
      close: async () => void closed++,
    };
  };
  return { asked, closed: () => closed, changes: { serve, signal: end.signal, onOut: () => end.abort() } };
}

test('serve says where it listens, runs until it is told to end, and closes', async () => {
  const { asked, closed, changes } = running();
  expect(await berth(['serve'], changes)).toEqual({
    exitCode: 0,
    out: 'berth listens on http://127.0.0.1:8550 and unix:///run/berth/hub.sock\n',
    err: '',
  });
  expect(asked).toEqual([{ state: '/var/lib/berth', runtime: '/run/berth' }]);
  expect(closed()).toBe(1);
});

test('serve takes its configuration and folders from the command line before the environment', async () => {
  const { asked, changes } = running();
  const environment = { BERTH_STATE: '/from/environment' };
  await berth(['serve', '--config', 'b.yaml', '--runtime', '/r'], { ...changes, environment });
  await berth(['--state', '/s', 'serve', '--json'], { ...changes, environment });
  expect(asked).toEqual([
    { configFile: 'b.yaml', state: '/from/environment', runtime: '/r' },
    { state: '/s', runtime: '/run/berth' },
  ]);
});

const system = (code: string, more: object) => Object.assign(new Error(`${code}: no`), { code, ...more });
const faults = [
  { line: 3, path: 'listen.port', message: 'a whole number, not "x"' },
  { line: undefined, path: '', message: 'is too long' },
];

test.each([
  [
    'a configuration at fault, each place a line',
    new ConfigurationError('berth.yaml', faults),
    78,
    'berth: berth.yaml:3: listen.port: a whole number, not "x"\n  berth.yaml: is too long\n',
  ],
  [
    'a state folder in use',
    new StoreError('in-use', 'The state folder is in use.'),
    69,
    'berth: The state folder is in use.\n',
  ],
  ['a database of a newer version', new StoreError('newer-version', 'Newer.'), 78, 'berth: Newer.\n'],
  ['a damaged database', new StoreError('damaged', 'Damaged.'), 78, 'berth: Damaged.\n'],
  [
    'an address in use',
    system('EADDRINUSE', { address: '127.0.0.1', port: 8550 }),
    69,
    'berth: Another program listens on 127.0.0.1:8550: stop it, or change `listen` in the configuration.\n',
  ],
  [
    'a folder that may not be used',
    system('EACCES', { path: '/run/berth' }),
    77,
    'berth: This account may not use /run/berth (EACCES: no): run `berth serve` as root or as its systemd unit does.\n',
  ],
  ['a mistake', new TypeError('x is not a function'), 70, 'berth made a mistake: x is not a function\n'],
])('%s ends the start with a sentence and a code', async (_case, error, expected, said) => {
  const { exitCode, out, err } = await berth(['serve'], { serve: () => Promise.reject(error) });
  expect({ exitCode, out, err }).toEqual({ exitCode: expected, out: '', err: said });
});
