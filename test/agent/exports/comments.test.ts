// The verdict beside a packet is that on what it sends again, however long a queue held it back.
import { expect, test } from 'vitest';
import { commentsOf } from '../../../agent/exports/comments.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import type { PacketRow } from '../../../bpf/rows/rows.gen.ts';
import { randomOf } from '../../investigations/judged.ts';
import { Journey } from '../verdict/path.ts';
import { rowOf } from '../verdict/rows.ts';

const PATH = { lost_out: 0.2, lost_back: 0.1, late: 0, twice: 0, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };
const SENDER = 1n;

const isData = ({ host_id, place, length }: PacketRow) => host_id === SENDER && place === 'device_out' && length > 0;

const held: { name: string; by_ns: bigint }[] = [
  { name: 'at once', by_ns: 0n },
  { name: 'held back in a queue', by_ns: 6_000_000n },
];

test.for(held)('each packet that is sent again has a comment, and no other: $name', ({ by_ns }) => {
  const { evidence } = new Journey(PATH, randomOf(11), 0, 100);
  const packet = evidence.packet.map((row) => (isData(row) ? { ...row, time_ns: row.time_ns + by_ns } : row));
  const { verdicts } = judgeAll({ ...evidence, packet });
  expect(verdicts.length).toBeGreaterThan(10);
  const comment = commentsOf(verdicts);
  const sent = new Set<number>();
  for (const row of packet) {
    const isAgain = isData(row) && sent.has(row.seq);
    if (isData(row)) sent.add(row.seq);
    expect(comment(row).startsWith('retransmission (rto)')).toBe(isAgain);
  }
});

test('segments of one packet that have several causes', () => {
  const { evidence } = new Journey(PATH, randomOf(11), 0, 100);
  const { verdicts } = judgeAll(evidence);
  const packet = rowOf('packet', {});
  const [outward, backward] = (['lost_outward', 'lost_backward'] as const).map((cause) => verdicts.find((one) => one.cause === cause));
  if (!outward || !backward) throw new Error('the path loses both ways');
  const all = [outward, backward, outward].map((verdict) => ({ ...verdict, packet }));
  expect(commentsOf(all)(packet)).toBe(
    'retransmission (rto, 3 segments): 2 of 3: the one before did not come to the receiver; 1 of 3: the one before had come, and its acknowledgement was lost',
  );
});

test('whose packet it is, where that is known', () => {
  const packet = rowOf('packet', { pid: 7, comm: 'nginx' });
  expect(commentsOf([])(packet)).toBe('nginx (pid 7)');
  expect(commentsOf([])(rowOf('packet', {}))).toBe('');
});
