import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { freshName, ip } from './netns.ts';
import { removeStrayNetns } from './stray-netns.ts';

test('of a test whose process has gone nothing is left; those of others stay', (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces');
  const { pid: gone } = spawnSync('true');
  const [pair, fleet, own, foreign] = [`tl${gone}x0`, `tlf${gone}xhub`, freshName(), `other${gone}`];
  for (const name of [pair, fleet, own, foreign]) ip('netns', 'add', name);
  try {
    expect(removeStrayNetns()).toEqual(expect.arrayContaining([pair, fleet]));
    const left = ip('netns', 'list');
    for (const name of [own, foreign]) expect(left).toContain(name);
    for (const name of [pair, fleet]) expect(left).not.toContain(name);
  } finally {
    for (const name of [own, foreign]) ip('netns', 'delete', name);
  }
});
