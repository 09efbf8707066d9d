// What makes a stored row one and the same, however often it is inserted: the batch that brought it and its place in that batch. In a
// segment each row is followed by a trailer that says so, which also makes every batch of the file verifiable by itself.

/** Bytes of the trailer behind each row of a segment, and where its members begin. Little-endian, like the row. */
export const TRAILER_BYTES = 32;
export const TRAILER_AT = {
  /** the agent's run, 64 bits */
  epoch: 0,
  /** the batch's number within the run and kind, 64 bits */
  sequence: 8,
  /** the row's place in the batch as it was sent, 32 bits: rows that were taken out leave gaps */
  batch_row: 16,
  /** how many rows of the batch are in the segment, 32 bits */
  batch_rows: 20,
  /** CRC-32 of these rows with their trailers, in which this member is 0 meanwhile: a row's place is as safe as the row */
  batch_crc: 24,
} as const;

/** The trailer as the engine reads it. */
export const TRAILER_STRUCTURE = 'epoch UInt64, sequence UInt64, batch_row UInt32, batch_rows UInt32, batch_crc UInt32, trailer_pad UInt32';

/**
 * The columns that follow a row's own in its table. Rows that lie beside each other come from neighbouring places of neighbouring batches, so
 * differences pack best.
 */
export const IDENTITY = [
  { name: 'epoch', type: 'UInt64', codec: 'ZSTD(1)', comment: "the agent's run", select: 'epoch' },
  { name: 'sequence', type: 'UInt64', codec: 'Delta, ZSTD(1)', comment: 'of the batch, in its run and kind', select: 'sequence' },
  { name: 'batch_row', type: 'UInt32', codec: 'Delta, ZSTD(1)', comment: 'place in the batch', select: 'batch_row' },
] as const;

/** What a row is one by, in every table of rows. */
const ONE_ROW = 'host_id, connection_id, time_ns, epoch, sequence, batch_row';

/**
 * For FROM: rows of a kind, each once, of which a condition leaves few among those that the index leaves. `FINAL` looks for copies before
 * it looks at conditions, which costs several times as much here, and less where all rows of a time are asked for.
 */
export const fewRows = (kind: string, where: string): string => `(SELECT * FROM ${kind} WHERE ${where} LIMIT 1 BY ${ONE_ROW}) AS ${kind}`;
