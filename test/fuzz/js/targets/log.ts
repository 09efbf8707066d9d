// The collector's log as a start finds it: a journal and segments, damaged. With the journal as it was, each row is given to the store as it
// was sent, or counted as lost. The input: the journal, and the segments in the order of their names.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { crc32 } from 'node:zlib';
import { type Disk, REAL_DISK } from '../../../../agent/durable/disk.ts';
import { HEAD_AT, KINDS, type Kind } from '../../../../bpf/rows/rows.gen.ts';
import { JOURNAL_FORMAT, type JournalRecord } from '../../../../server/log/journal-record.ts';
import { finishRecovery, recover } from '../../../../server/log/recover.ts';
import { JOURNAL } from '../../../../server/log/recovered.ts';
import { segmentPath } from '../../../../server/log/segment-name.ts';
import { journalText } from '../../../agent/durable/journal-text.ts';
import { segmentBytes } from '../../../support/segment-bytes.ts';
import { joinParts, splitParts } from '../parts.ts';
import { must, type Target } from '../target.ts';

const HOST = '00000000000000aa';
const USED = ['sample', 'drop'] as const satisfies readonly Kind[];
const BATCHES = 16;
/** Bytes behind each row. */
const TRAILER = 32;
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const directory = mkdtempSync(join(memory, 'tcplens-fuzz-'));
const now = join(directory, 'now');
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** Nothing is flushed: what a power cut leaves is another test's. */
const UNFLUSHED: Disk = {
  ...REAL_DISK,
  syncDirectory: async () => {},
  open: async (path, how) => ({ ...(await REAL_DISK.open(path, how)), sync: async () => {} }),
};

function rowsOf(sequence: number, kind: Kind): Buffer[] {
  return Array.from({ length: (sequence % 3) + 1 }, (_, index) => {
    const row = Buffer.alloc(KINDS[kind].size);
    row.writeUInt32LE(sequence * 8 + index, 0);
    row.writeBigUInt64LE(BigInt(`0x${HOST}`), HEAD_AT.host_id);
    row.writeUInt8(KINDS[kind].index, HEAD_AT.kind);
    return row;
  });
}

type Written = { kind: Kind; segment: string; bytes: Buffer };

/** As the log writes them, under names that are the same each time: what is kept in the corpus must mean the same tomorrow. */
function written(): { journal: Buffer; segments: Written[] } {
  const records: JournalRecord[] = [];
  const segments: Written[] = [];
  for (let sequence = 1; sequence <= BATCHES; sequence++) {
    const kind = USED[sequence % 2] ?? 'sample';
    const name = `r-${kind}-${Math.ceil(sequence / 8)}`;
    const segment = segments.find((one) => one.segment === name) ?? { kind, segment: name, bytes: Buffer.alloc(0) };
    if (segment.bytes.length === 0) segments.push(segment);
    const rows = rowsOf(sequence, kind);
    segment.bytes = Buffer.concat([segment.bytes, segmentBytes(rows, { epoch: HOST, sequence })]);
    const { schema, size } = KINDS[kind];
    const state = { kind, segment: name, schema, row_bytes: size + TRAILER, length: segment.bytes.length, crc: crc32(segment.bytes) };
    records.push({ t: 'batch', host_id: HOST, epoch: HOST, sequence, rows: rows.length, ...state });
  }
  return { journal: Buffer.from(journalText(JOURNAL_FORMAT.format, records)), segments };
}

function split(kind: Kind, bytes: Buffer): string[] {
  const { size } = KINDS[kind];
  const stride = size + TRAILER;
  return Array.from({ length: Math.floor(bytes.length / stride) }, (_, row) => bytes.toString('hex', row * stride, row * stride + size));
}

const { journal, segments } = written();
const sent = new Set(segments.flatMap(({ kind, bytes }) => split(kind, bytes)));

/** The journal with a line that the disk has repeated; and where the first of the two is damaged. */
function repeated(isDamaged: boolean): Buffer {
  const lines = journal.toString().trimEnd().split('\n');
  const line = lines[3] ?? '';
  if (isDamaged) lines[3] = line.replace('"rows":', '"rowz":');
  return Buffer.from(`${[...lines, line].join('\n')}\n`);
}

async function check(isJournalWhole: boolean): Promise<void> {
  const recovered = await recover({ disk: UNFLUSHED, directory: now, run: 'now', conversion: () => undefined });
  await finishRecovery(UNFLUSHED, recovered);
  const given: string[] = [];
  for (const segment of recovered.segments) {
    const bytes = readFileSync(segmentPath(now, segment));
    const rows = segment.spans.list().reduce((sum, batch) => sum + batch.rows, 0);
    must(bytes.length === segment.length, `${segment.segment} has ${bytes.length} bytes, not ${segment.length}`);
    must(
      rows * segment.row_bytes === segment.length,
      `${segment.segment} has ${segment.length} bytes and ${rows} rows of ${segment.row_bytes}`,
    );
    given.push(...split(segment.kind, bytes));
  }
  if (!isJournalWhole) return;
  must(
    given.every((row) => sent.has(row)),
    'each row is as it was sent',
  );
  const rows = new Set(given).size;
  const lost = recovered.losses.unstored().reduce((sum, entry) => sum + entry.rows, 0);
  must(rows + lost === sent.size, `${sent.size} rows were sent, ${rows} are given and ${lost} are counted as lost`);
}

export const target: Target = {
  covers: /^server\/log\//,
  seeds: () => [journal, repeated(false), repeated(true)].map((text) => joinParts([text, ...segments.map(({ bytes }) => bytes)])),
  mutate(bytes, mutateBytes, dice) {
    const parts: Uint8Array[] = splitParts(bytes, segments.length + 1);
    const at = dice.chance(0.2) ? 0 : dice.between(1, segments.length);
    parts[at] = mutateBytes(parts[at] ?? new Uint8Array());
    return joinParts(parts);
  },
  async run(input) {
    const [found = Buffer.alloc(0), ...files] = splitParts(input, segments.length + 1);
    rmSync(now, { recursive: true, force: true });
    for (const kind of USED) mkdirSync(join(now, kind), { recursive: true });
    writeFileSync(join(now, JOURNAL), found);
    for (const [index, segment] of segments.entries())
      writeFileSync(segmentPath(now, { ...segment, schema: KINDS[segment.kind].schema }), files[index] ?? new Uint8Array());
    await check(found.equals(journal));
  },
};
