// The identity of a stored row: the batch that it came in and its place in that batch. A row that is inserted several times is one by its
// identity. In a segment a trailer behind each row has it, and also the checksum by which each batch of the file can be verified.

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
  /** CRC-32 of these rows with their trailers, calculated while this member is 0 in all of them: so it covers the row's place too */
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

/** The columns that make a row one, in every table of rows. */
const ONE_ROW = 'host_id, connection_id, time_ns, epoch, sequence, batch_row';

/**
 * For FROM: the rows of a kind, each once, where a condition leaves few of the rows that the index leaves. `FINAL` looks for copies before
 * it applies the condition, which costs several times as much here; where all rows of a time are asked for, `FINAL` costs less.
 */
export const fewRows = (kind: string, where: string): string => `(SELECT * FROM ${kind} WHERE ${where} LIMIT 1 BY ${ONE_ROW}) AS ${kind}`;
