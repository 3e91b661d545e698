import { expect, test } from '@jest/globals';
import { readLabels, writeLabels, type LabelledServer } from './labels.ts';

const authority = { instance: 'instance-1', labelKey: Buffer.alloc(32, 1) };
const server: LabelledServer = {
  ...{ hub: 'default', user: 'bank\\ана "x"', serverName: 'lab', key: 'k', generation: 17, image: 'notebook:1' },
  ...{ port: 8888, tls: false, configDigest: 'limits=1', requestedAt: new Date(1000), deadline: new Date(2000) },
};
const account = { name: 'bank\\ана', uid: 70_001, gid: 70_000, principal: 'ана@CORP.EXAMPLE.TEST' };
const labels = writeLabels(server, 'berth-k', authority);

test('what is written is read again', () => {
  expect(readLabels({ name: 'berth-k', labels }, authority)).toEqual({ server });
  expect(readLabels({ name: 'berth-k', labels: { ...labels, maintainer: 'image' } }, authority)).toEqual({ server });
});

test('a server without an account has none, one with an account has that, and no other is believed', () => {
  const withAccount = writeLabels({ ...server, account }, 'berth-k', authority);
  expect(readLabels({ name: 'berth-k', labels: withAccount }, authority)).toEqual({ server: { ...server, account } });
  const forgedSpec = (withAccount['berth.spec'] ?? '').replace('70001', '70002');
  expect(forgedSpec).toContain('"uid":70002');
  const other = { ...withAccount, 'berth.spec': forgedSpec };
  expect(readLabels({ name: 'berth-k', labels: other }, authority)).toHaveProperty('reason');
  const added = { ...labels, 'berth.spec': JSON.stringify({ ...JSON.parse(labels['berth.spec'] ?? ''), account }) };
  expect(readLabels({ name: 'berth-k', labels: added }, authority)).toHaveProperty('reason');
});

const forged: [string, string, Record<string, string>, typeof authority][] = [
  ['copied to another container', 'copy', labels, authority],
  ['of another key', 'berth-k', labels, { ...authority, labelKey: Buffer.alloc(32, 2) }],
  ['of another instance', 'berth-k', labels, { ...authority, instance: 'instance-2' }],
  ['without a signature', 'berth-k', { ...labels, 'berth.signature': '' }, authority],
  ['with a signature that is no hex', 'berth-k', { ...labels, 'berth.signature': 'zz'.repeat(32) }, authority],
  ...Object.keys(labels)
    .filter((name) => name !== 'berth.instance')
    .map((name): [string, string, Record<string, string>, typeof authority] => [
      `with another ${name}`,
      'berth-k',
      { ...labels, [name]: `${labels[name]}1` },
      authority,
    ]),
];

test.each(forged)('labels %s are not believed', (_, name, copied, reader) => {
  expect(readLabels({ name, labels: copied }, reader)).toHaveProperty('reason');
});
