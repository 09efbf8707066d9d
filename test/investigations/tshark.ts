// What tshark says of an investigation's packets beside tcplens's verdicts: of those that left one device, taken out of the file that a user
// exports as the README says.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { commentsOf } from '../../agent/exports/comments.ts';
import { Pcapng } from '../../agent/pcapng/write.ts';
import type { Cause, Verdict } from '../../agent/verdict/cause.ts';
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { analyse, type Frame } from '../fidelity/tshark.ts';

/** What tshark calls a packet whose data does not follow what it saw before, the first that holds; 'new': nothing of this. */
const CALLED = ['spurious_retransmission', 'fast_retransmission', 'retransmission', 'out_of_order'] as const;
type Called = (typeof CALLED)[number] | 'new';

/** A packet that tshark says carries old data, or of whose data tcplens says that it was sent again. */
export type Both = {
  called: Called;
  /** tcplens's verdict on each of its segments; none: it says that nothing was sent again */
  verdicts: readonly Verdict[];
  /** whether an earlier packet of the device has its first byte */
  is_repeated: boolean;
};

const calledOf = (frame: Frame | undefined): Called => CALLED.find((name) => frame?.[`tcp.analysis.${name}`] !== undefined) ?? 'new';
const deviceOf = ({ netns, ifindex }: PacketRow): string => `netns ${netns} device ${ifindex}`;

/** @param packets of all devices @param netns the only device of this namespace is meant @param verdicts on what was sent there */
export async function besideTshark(
  file: string,
  packets: readonly PacketRow[],
  netns: bigint,
  verdicts: readonly Verdict[],
): Promise<Both[]> {
  const rows = packets.toSorted((one, other) => Number(one.time_ns - other.time_ns));
  const comment = commentsOf(verdicts);
  const pcapng = new Pcapng({ application: 'tcplens', comment: '' }, deviceOf);
  writeFileSync(file, Buffer.concat([pcapng.begin, ...rows.map((row) => pcapng.blockOf({ row, comment: comment(row) }))]));
  const own = rows.filter((row) => row.netns === netns);
  const [first] = own;
  if (first === undefined) return [];
  const meant = `frame.interface_name == "${deviceOf(first)}"`;
  execFileSync('tshark', ['-r', file, '-Y', meant, '-w', `${file}.one`], { stdio: ['ignore', 'ignore', 'ignore'] });
  const frames = await analyse(`${file}.one`);
  if (frames.length !== own.length) throw new Error(`tshark read ${frames.length} of ${own.length} packets of ${meant}`);
  const of_packet = Map.groupBy(verdicts, ({ packet }) => packet);
  return own.flatMap((row, at): Both[] => {
    if (row.direction !== 'sent') return [];
    const both = { called: calledOf(frames[at]), verdicts: of_packet.get(row) ?? [] };
    if (both.called === 'new' && both.verdicts.length === 0) return [];
    return [{ ...both, is_repeated: own.slice(0, at).some((before) => hasFirstByteOf(before, row)) }];
  });
}

const FIN_AND_SYN = 3;
const endOf = ({ seq, length, tcp_flags }: PacketRow): number => seq + length + (tcp_flags & FIN_AND_SYN ? 1 : 0);

const hasFirstByteOf = (before: PacketRow, { local_port, peer_port, direction, seq }: PacketRow): boolean =>
  before.direction === direction &&
  before.local_port === local_port &&
  before.peer_port === peer_port &&
  ((seq - before.seq) | 0) >= 0 &&
  ((endOf(before) - seq) | 0) > 0;

/** It had come before this one left, whatever became of its acknowledgement: what tshark means with "spurious". */
const HAD_COME: ReadonlySet<Cause> = new Set(['not_needed', 'lost_backward']);

/**
 * Whether both say the same of a packet. tshark cannot know data again of which nothing has passed this device: earlier transmissions of
 * it were dropped before. Which of the other words it says depends on times, which tell nothing certain.
 */
export function agree({ called, verdicts, is_repeated }: Both): boolean {
  // Without a verdict a packet is listed only where tshark says that its data is old.
  if (verdicts.length === 0) return false;
  if (called === 'spurious_retransmission') return verdicts.every(({ cause }) => HAD_COME.has(cause));
  return called !== 'new' || !is_repeated;
}

const saidOf = ({ verdicts }: Both): string => [...new Set(verdicts.map(({ cause, why }) => why ?? cause))].join(' and ') || 'sent once';

/** A table of what both say, by packets. */
export function besideText(title: string, all: readonly Both[]): string {
  const cells = Map.groupBy(all, (both) => `${saidOf(both)}, ${both.called}${both.is_repeated ? '' : ', first of its data here'}`);
  return [`${title} beside tshark: ${all.length} packets`, ...[...cells].sort().map(([cell, { length }]) => `  ${cell}: ${length}`)].join(
    '\n',
  );
}
