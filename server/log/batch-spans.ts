// The list of batches in a segment, in the order of the file. It is packed into bytes, since a log that waits for its store may hold
// millions of batches.

/**
 * Rows of one batch that lie beside each other. Where the batch is not known, `sequence` is 0, and host and run are ''. `sent_rows`: how many
 * the batch had as it was sent, 0 where nobody knows: rows were taken out of it, or lie elsewhere.
 */
export type BatchSpan = { host_id: string; epoch: string; sequence: number; rows: number; sent_rows: number };

/** host_id and epoch have 8 bytes each, sequence is a double, rows and sent_rows have 32 bits. Sequences begin at 1. */
const SPAN_BYTES = 32;
/** What one batch counts for against the log's limit, beside its rows: its place in memory and in the journal. */
export const BATCH_COST_BYTES = 512;

const UNKNOWN = { host_id: '', epoch: '', sequence: 0, sent_rows: 0 } as const;

export class BatchSpans {
  #packed = Buffer.alloc(0);
  #count = 0;

  static of(spans: Iterable<BatchSpan>): BatchSpans {
    const packed = new BatchSpans();
    for (const span of spans) packed.push(span);
    return packed;
  }

  /** @param text as `toText` gives it */
  static fromText(text: string): BatchSpans {
    const spans = new BatchSpans();
    const bytes = Buffer.from(text, 'base64');
    spans.#count = Math.floor(bytes.length / SPAN_BYTES);
    // Text that was cut within a span: without the rest of it, the next `push` finds its place.
    spans.#packed = bytes.subarray(0, spans.#count * SPAN_BYTES);
    return spans;
  }

  /** Whether every batch is known. */
  get isKnown(): boolean {
    return this.list().every(({ sequence }) => sequence !== 0);
  }

  get count(): number {
    return this.#count;
  }

  push({ host_id, epoch, sequence, rows, sent_rows }: BatchSpan): void {
    const at = this.#count * SPAN_BYTES;
    if (at === this.#packed.length) this.#packed = Buffer.concat([this.#packed, Buffer.alloc(Math.max(4 * SPAN_BYTES, at))]);
    this.#packed.fill(0, at, at + SPAN_BYTES);
    this.#packed.write(host_id, at, 'hex');
    this.#packed.write(epoch, at + 8, 'hex');
    this.#packed.writeDoubleLE(sequence, at + 16);
    this.#packed.writeUInt32LE(rows, at + 24);
    this.#packed.writeUInt32LE(sent_rows, at + 28);
    this.#count++;
  }

  pushUnknown(rows: number): void {
    this.push({ ...UNKNOWN, rows });
  }

  /** Drops all but the first `count` spans. */
  cut(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  list(): BatchSpan[] {
    return Array.from({ length: this.#count }, (_, index) => this.#at(index));
  }

  #at(index: number): BatchSpan {
    const at = index * SPAN_BYTES;
    const rows = this.#packed.readUInt32LE(at + 24);
    const sequence = this.#packed.readDoubleLE(at + 16);
    if (sequence === 0) return { ...UNKNOWN, rows };
    const [host_id, epoch] = [this.#packed.toString('hex', at, at + 8), this.#packed.toString('hex', at + 8, at + 16)];
    return { host_id, epoch, sequence, rows, sent_rows: this.#packed.readUInt32LE(at + 28) };
  }

  /** The spans of the first `rows` rows, and those of the other rows. A span across the cut is divided between both. */
  split(rows: number): [BatchSpans, BatchSpans] {
    const halves: [BatchSpans, BatchSpans] = [new BatchSpans(), new BatchSpans()];
    let room = rows;
    for (const span of this.list()) {
      const first = Math.min(room, span.rows);
      room -= first;
      if (first > 0) halves[0].push({ ...span, rows: first });
      if (first < span.rows) halves[1].push({ ...span, rows: span.rows - first });
    }
    return halves;
  }

  toText(): string {
    return this.#packed.toString('base64', 0, this.#count * SPAN_BYTES);
  }
}
