import { expect, test } from '@jest/globals';
import { createLog } from './log.ts';

function logged(format: 'json' | 'pretty'): string {
  let text = '';
  const log = createLog({ level: 'info', format }, { write: (line) => void (text += line) });
  log.debug({}, 'too fine');
  log.warn({ file: '/a/b.token', note: 'two\nlines \u001b[31m', count: 3 }, 'something\nhappened');
  return text;
}

test('JSON lines carry level, time and fields', () => {
  expect(JSON.parse(logged('json'))).toEqual({
    ...{ level: 'warn', time: expect.any(String), msg: 'something\nhappened' },
    ...{ file: '/a/b.token', note: 'two\nlines \u001b[31m', count: 3 },
  });
});

test('a readable line is one line, without control characters', () => {
  const text = logged('pretty');
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} warn  something\\nhappened file=\/a\/b\.token note="two\\nlines \\u001b\[31m" count=3\n$/,
  );
});
