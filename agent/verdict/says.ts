// What one packet says that its sender has, and where a row saw it.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { ahead, type Range } from './sequence.ts';

type Seen = Rows['packet'] | Rows['progress'] | Rows['drop'];

/** A packet where a row saw it. Without payload, SYN and FIN its range is empty. */
export type Sighting<Row extends Seen = Seen> = Range & {
  /** since the investigation's first row, by the clock of the row's host */
  at_ns: number;
  row: Row;
};

export const ACK = 16;

/** The SACK blocks that a packet brings, in its order. */
export function sackBlocks({
  sack1_from,
  sack1_to,
  sack2_from,
  sack2_to,
  sack3_from,
  sack3_to,
}: Rows['packet'] | Rows['progress']): Range[] {
  const all = [
    { seq: sack1_from, end: sack1_to },
    { seq: sack2_from, end: sack2_to },
    { seq: sack3_from, end: sack3_to },
  ];
  return all.filter(({ seq, end }) => seq !== end);
}

/** The range that a packet reports as received twice (DSACK, RFC 2883): its first block, if acknowledged already or within its second. */
export function reportedTwice(row: Rows['packet'] | Rows['progress']): Range | undefined {
  const [first, second] = sackBlocks(row);
  if (!first) return undefined;
  if (ahead(first.end, row.ack) <= 0) return first;
  return second && ahead(first.seq, second.seq) >= 0 && ahead(first.end, second.end) <= 0 ? first : undefined;
}

/** Whether a packet says that its sender has this byte: acknowledged it, or reports it with SACK. */
export function saysHas(row: Rows['packet'] | Rows['progress'], byte: number): boolean {
  if (row.tcp_flags & ACK && ahead(row.ack, byte) > 0) return true;
  return sackBlocks(row).some(({ seq, end }) => ahead(byte, seq) >= 0 && ahead(byte, end) < 0);
}
