import { expect, test } from '@jest/globals';
import type { ServerStatus } from '@berth/spawner';
import { aServer, moment } from '../testing/fake-spawner.ts';
import { optionsForm } from './options-form.ts';

const one = [{ reference: 'default', title: 'Default' }];
const two = [...one, { reference: 'x"><script>', title: '<script>alert(1)</script>' }];

test('images are offered only where there is a choice', () => {
  expect(optionsForm({ images: one })).toBe('');
  const form = optionsForm({ images: two, chosen: 'default' });
  expect(form).not.toContain('<script>');
  expect(form).toContain('&lt;script&gt;alert(1)');
  expect(form.match(/<option/g)).toHaveLength(2);
  expect(form).toContain('<option value="default" selected>');
  expect(form.match(/ selected/g)).toHaveLength(1);
});

const ended = (code: number | null, reason: string): ServerStatus => ({
  state: 'exited',
  exit: { at: moment, code, oomKilled: false, reason },
});

test.each<[string, ServerStatus, string]>([
  [
    'killed',
    ended(137, 'It was killed:\n<b>out of memory</b>\u001b.'),
    'It was killed: &lt;b&gt;out of memory&lt;/b&gt; .',
  ],
  ['vanished', ended(null, 'Its container vanished.'), 'Its container vanished.'],
  ['ended well', ended(0, 'It ended.'), ''],
  ['running', { state: 'running', since: moment, url: 'http://172.30.0.2:8888' }, ''],
  ['stopped', { state: 'stopped', since: moment }, ''],
])('of a last server that is %s the form says why, where it did not end well', (_, status, words) => {
  const form = optionsForm({ images: one, last: aServer('a', 'user1', status) });
  expect(form.includes('Your last server has ended.')).toBe(words !== '');
  expect(form).toContain(words);
  expect(form).not.toContain('<select');
});
