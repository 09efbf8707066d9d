import { expect, test } from 'vitest';
import { Drain } from '../../../agent/loop/drain.ts';
import { KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { fakeSource } from '../fake-source.ts';

const rows = (kind: Kind, count: number) => new Uint8Array(count * KINDS[kind].size);

function draining({ waits = false, isFull = () => false }: { waits?: boolean; isFull?: () => boolean } = {}) {
  const source = { ...fakeSource(), waits };
  const taken: [Kind, number][] = [];
  const drain = new Drain(source, (kind, bytes) => taken.push([kind, bytes.length / KINDS[kind].size]), isFull);
  return { source, taken, drain };
}

test('a round takes what there is of every kind and says so', () => {
  const { source, taken, drain } = draining();
  expect(drain.round()).toBe('nothing');
  source.write('connection', rows('connection', 3));
  source.write('sample', rows('sample', 2));
  expect(drain.round()).toBe('all');
  expect(taken).toEqual([
    ['connection', 3],
    ['sample', 2],
  ]);
  expect(drain.round()).toBe('nothing');
});

test('a kind that has more than its turn waits for the next round, and the others get theirs', () => {
  const { source, taken, drain } = draining();
  for (let i = 0; i < 20; i++) source.write('retransmit', rows('retransmit', 1));
  source.write('sample', rows('sample', 1));
  expect(drain.round()).toBe('more');
  expect(taken.filter(([kind]) => kind === 'retransmit')).toHaveLength(8);
  expect(taken.at(-1)).toEqual(['sample', 1]);
  drain.all();
  expect(taken.filter(([kind]) => kind === 'retransmit')).toHaveLength(20);
});

test('while it is full it leaves rows where they are', () => {
  let full = true;
  const { source, taken, drain } = draining({ waits: true, isFull: () => full });
  source.write('sample', rows('sample', 1));
  expect(drain.round()).toBe('nothing');
  full = false;
  expect(drain.round()).toBe('all');
  expect(taken).toEqual([['sample', 1]]);
});

test('rows that would get lost where they are do not wait for what is full', () => {
  const { source, taken, drain } = draining({ waits: false, isFull: () => true });
  source.write('sample', rows('sample', 1));
  expect(drain.round()).toBe('all');
  expect(taken).toEqual([['sample', 1]]);
});
