// What numbers are called.
import { expect, test } from 'vitest';
import { errnoName, errnoWords } from '../../dashboards/words.ts';

test.each([
  [0, '', ''],
  [110, 'ETIMEDOUT', 'ETIMEDOUT: no answer'],
  // As the kernel returns it from a send.
  [-105, 'ENOBUFS', 'ENOBUFS: the queue below was full'],
  [-1, 'EPERM', 'EPERM: a firewall refused it'],
  [95, 'errno 95', 'errno 95'],
])('errno %i', (err, name, words) => {
  expect({ name: errnoName(err), words: errnoWords(err) }).toEqual({ name, words });
});
