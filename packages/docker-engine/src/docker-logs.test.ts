import { expect, test } from '@jest/globals';
import { LogLines } from './docker-logs.ts';

const frame = (stream: number, text: string | Buffer): Buffer => {
  const body = Buffer.from(text as string);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
};

function lines(tail: number, ...chunks: Buffer[]): string[] {
  const found = new LogLines(tail);
  for (const chunk of chunks) found.push(chunk);
  return found.end();
}

const both = Buffer.concat([frame(1, 'out 1\n'), frame(2, 'err 1\nerr 2\n'), frame(1, 'out 2\n')]);

test('the frames of both streams become lines in their order', () => {
  expect(lines(10, both)).toEqual(['out 1', 'err 1', 'err 2', 'out 2']);
});

test('it makes no difference how the bytes are cut', () => {
  for (let size = 1; size < both.length; size++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < both.length; at += size) chunks.push(both.subarray(at, at + size));
    expect(lines(10, ...chunks)).toEqual(['out 1', 'err 1', 'err 2', 'out 2']);
  }
});

test('a line in several frames is one line, and the other stream does not get into it', () => {
  expect(lines(10, frame(1, 'half '), frame(2, 'err\n'), frame(1, 'done\n'))).toEqual(['err', 'half done']);
});

test('a character that is cut between two frames is whole', () => {
  const bytes = Buffer.from('größe\n');
  expect(lines(10, frame(1, bytes.subarray(0, 3)), frame(1, bytes.subarray(3)))).toEqual(['größe']);
});

test('the last line counts without its end, also in a frame that was cut off', () => {
  expect(lines(10, frame(1, 'a\nb'))).toEqual(['a', 'b']);
  expect(lines(10, frame(1, 'a\nbcd').subarray(0, 12))).toEqual(['a', 'bc']);
});

test('what a terminal was sent has no frames', () => {
  expect(lines(10, Buffer.from('hello\r\nwor'), Buffer.from('ld\r\n'))).toEqual(['hello', 'world']);
  expect(lines(10, Buffer.from('short'))).toEqual(['short']);
  expect(lines(10)).toEqual([]);
});

test('escapes are taken out, and of a line that was written over the last state counts', () => {
  expect(lines(10, frame(1, '\x1b[32mgreen\x1b[0m\n 10%\r 50%\r100%\nend\r\n'))).toEqual(['green', '100%', 'end']);
});

test('only the last lines are kept, and a long line is cut', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join('');
  expect(lines(3, frame(1, many))).toEqual(['line 997', 'line 998', 'line 999']);
  const [long, next] = lines(5, frame(1, 'x'.repeat(100_000)), frame(1, 'y'.repeat(100_000)), frame(1, '\nnext\n'));
  expect(long).toBe(`${'x'.repeat(1999)}…`);
  expect(next).toBe('next');
});
