// What was sent again, segment by segment: a row tells of several where they were sent as one packet.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { add, type Range } from './sequence.ts';

/** A segment that was sent again. Its range has the sequence numbers of packets. */
export type Segment = Range & {
  /** when, since the investigation's first row, by its host's clock */
  at_ns: number;
  /** its index among the row's segments */
  part: number;
  row: Rows['retransmit'];
};

/** The kernel counts a packet's segments with 16 bits; rows come from other hosts, too. */
const SEGMENTS_MAX = 0xffff;

/** The payload of each segment but the last of a packet that offloads put together, or cut later. */
export const eachOf = ({ length, segments, mss }: Rows['packet']): number => (segments > 1 ? mss || Math.ceil(length / segments) : length);

/** The segments of a row, of a connection whose sequence numbers begin at `isn`. */
export function segmentsOf(row: Rows['retransmit'], isn: number, base: bigint): Segment[] {
  const count = Math.min(SEGMENTS_MAX, Math.max(1, row.segments));
  const length = row.end_seq - row.seq;
  const each = row.mss || Math.ceil(length / count);
  const first = add(isn, row.seq);
  return Array.from({ length: count }, (_, part) => ({
    at_ns: Number(row.time_ns - base),
    part,
    row,
    seq: add(first, Math.min(part * each, Math.max(0, length - 1))),
    end: add(first, part === count - 1 ? length : Math.min((part + 1) * each, length)),
  }));
}
