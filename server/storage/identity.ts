// The identity of a stored row: its batch, and its place in the batch. Rows with the same identity are copies, of which the engine keeps
// one. In a segment the trailer behind each row has the identity, and also a checksum by which each batch can be verified.

/** The bytes of the trailer behind each row of a segment, and the offsets of its members. They are little-endian, as is the row. */
export const TRAILER_BYTES = 32;
export const TRAILER_AT = {
  /** the agent's run, 64 bits */
  epoch: 0,
  /** the batch's number within the run and kind, 64 bits */
  sequence: 8,
  /** the row's index in the batch as it was sent, 32 bits: rows that were taken out leave gaps */
  batch_row: 16,
  /** how many rows of the batch are in the segment, 32 bits */
  batch_rows: 20,
  /** CRC-32 over these rows with their trailers, computed with this member 0 in all of them; so it covers the places of rows too */
  batch_crc: 24,
} as const;

/** The structure of the trailer for the engine. */
export const TRAILER_STRUCTURE = 'epoch UInt64, sequence UInt64, batch_row UInt32, batch_rows UInt32, batch_crc UInt32, trailer_pad UInt32';

/**
 * The columns of the identity, which follow a row's own in its table. Rows that lie beside each other have neighbouring places in
 * neighbouring batches, so differences pack best.
 */
export const IDENTITY = [
  { name: 'epoch', type: 'UInt64', codec: 'ZSTD(1)', comment: "the agent's run", select: 'epoch' },
  { name: 'sequence', type: 'UInt64', codec: 'Delta, ZSTD(1)', comment: 'of the batch, in its run and kind', select: 'sequence' },
  { name: 'batch_row', type: 'UInt32', codec: 'Delta, ZSTD(1)', comment: 'place in the batch', select: 'batch_row' },
] as const;

/** The columns whose values identify a row, in each table of rows. */
const ONE_ROW = 'host_id, connection_id, time_ns, epoch, sequence, batch_row';

/**
 * For FROM: the rows of a kind, each once. For conditions that leave few of the rows which the index selects: `FINAL` looks for copies
 * before it applies the condition, which costs several times as much then. Where all rows of a time are wanted, `FINAL` costs less.
 */
export const fewRows = (kind: string, where: string): string => `(SELECT * FROM ${kind} WHERE ${where} LIMIT 1 BY ${ONE_ROW}) AS ${kind}`;
