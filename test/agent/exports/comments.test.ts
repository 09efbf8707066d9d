// The verdict beside a packet is that on what it sends again: found by index as by a look at all verdicts of its connection.
import { expect, test } from 'vitest';
import { commentsOf } from '../../../agent/exports/comments.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import { randomOf } from '../../investigations/judged.ts';
import { Journey } from '../verdict/path.ts';
import { rowOf } from '../verdict/rows.ts';

const PATH = { lost_out: 0.2, lost_back: 0.1, late: 0, twice: 0, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };
const CALL_NS = 2_000_000n;

test('each packet that is sent again has a comment, and no other', () => {
  const { evidence } = new Journey(PATH, randomOf(11), 0, 100);
  const { verdicts } = judgeAll(evidence);
  expect(verdicts.length).toBeGreaterThan(10);
  const comment = commentsOf(evidence, verdicts);
  const isAgain = (time_ns: bigint) =>
    verdicts.some(({ segment }) => segment.row.time_ns - time_ns < CALL_NS && time_ns - segment.row.time_ns < CALL_NS);
  for (const row of evidence.packet) {
    const expected = row.place === 'device_out' && row.length > 0 && row.host_id === 1n && isAgain(row.time_ns);
    expect(comment(row).startsWith('retransmission (rto)')).toBe(expected);
  }
});

test('whose packet it is, where that is known', () => {
  const packet = rowOf('packet', { pid: 7, comm: 'nginx' });
  expect(commentsOf({ connection: [] }, [])(packet)).toBe('nginx (pid 7)');
  expect(commentsOf({ connection: [] }, [])(rowOf('packet', {}))).toBe('');
});
