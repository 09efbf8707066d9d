// How the command tells how far an investigation is: one line that changes on a terminal, a line for each change elsewhere.
import { expect, test } from 'vitest';
import { Progress } from '../../../server/investigate/progress.ts';

function written(isTTY: boolean, columns = 40): string {
  let text = '';
  const progress = new Progress({ isTTY, columns, write: (more: string) => (text += more) });
  progress.line('begins');
  progress.now({ head: '3 s left; ', told: 'one host' });
  progress.now({ head: '2 s left; ', told: 'one host' });
  progress.now({ head: '1 s left; ', told: `two ${'x'.repeat(50)}\u001b[2J` });
  progress.done();
  return text;
}

test('elsewhere: only what is new, and nothing that a terminal obeys', () => {
  expect(written(false)).toBe(`begins\none host\ntwo ${'x'.repeat(50)}\\u001b[2J\n`);
});

test('on a terminal: one line, never wider than it is', () => {
  const lines = written(true).split('\r\u001b[K');
  expect(lines).toEqual(['', 'begins\n', '3 s left; one host', '2 s left; one host', `1 s left; two ${'x'.repeat(25)}`, '']);
});
