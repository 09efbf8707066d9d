// The collector, up to what it has acknowledged.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverLog: readonly Mutant[] = [
  ...mutantsOf('server/ingest/envelope.ts', [
    {
      why: 'rows of another host are taken',
      find: 'rows.readUInt32LE(at + HEAD_AT.host_id) !== hostLow || ',
      replace: '',
      suite: unit('server/bad-input'),
    },
    {
      why: 'rows of another kind are taken',
      find: 'if (rows[at + HEAD_AT.kind] !== index)',
      replace: 'if (false)',
      suite: unit('server/bad-input'),
    },
    { why: 'half a row is taken', find: 'if (rows.length % size === 0) return;', replace: 'return;', suite: unit('server/bad-input') },
    {
      why: 'rows of the future are taken',
      find: 'time_ns < from_ns || time_ns > to_ns',
      replace: 'time_ns < from_ns',
      suite: unit('server/quarantine'),
    },
    {
      why: 'a row beside a quarantined one goes too',
      find: 'from = at + size;',
      replace: 'from = at + 2 * size;',
      suite: unit('server/quarantine'),
    },
  ]),
  ...mutantsOf('server/ingest/unpack.ts', [
    {
      why: 'what follows the frame is not looked at',
      find: 'if (engine.bytesWritten !== body.length)',
      replace: 'if (false)',
      suite: unit('server/bad-input'),
    },
    {
      why: 'a batch for which there is no memory is damaged',
      find: " && code !== 'ZSTD_error_memory_allocation'",
      replace: '',
      suite: unit('server/ingest/unpack', 'its window has no room'),
    },
  ]),
  ...mutantsOf('server/ingest/time-window.ts', [
    {
      why: 'the window is in milliseconds',
      find: '(now_ms + FUTURE_MS) * 1e6',
      replace: 'now_ms + FUTURE_MS',
      suite: unit('server/quarantine'),
    },
  ]),
  ...mutantsOf('server/log/segment.ts', [
    {
      why: 'rows are not flushed',
      find: 'await this.#file.sync();\n    return states;',
      replace: 'return states;',
      suite: unit('server/log/crashes'),
    },
  ]),
  ...mutantsOf('server/log/segments.ts', [
    {
      why: "a segment's name is not flushed",
      find: 'await this.#disk.syncDirectory(dirname(path)).catch',
      replace: 'await Promise.resolve().catch',
      suite: unit('server/log/crashes'),
    },
    { why: 'names are used again', find: '++this.#count', replace: 'this.#count', suite: unit('server/log/log') },
    {
      why: 'what failed is not cut off',
      find: 'for (const segment of this.#uncommitted) {\n      await this.#seal(segment);',
      replace: 'for (const segment of this.#uncommitted) {',
      suite: unit('server/log/crashes'),
    },
  ]),
  ...mutantsOf('server/log/log-refusal.ts', [
    {
      why: 'the log has no limit',
      find: 'losses_full || bytes + waiting.live + waiting.late + cost > bytes_max',
      replace: 'losses_full',
      suite: unit('server/log/log'),
    },
    {
      why: 'late batches may fill the log',
      find: "return lane === 'late' && late > 0",
      replace: 'return false && late > 0',
      suite: unit('server/log/log'),
    },
  ]),
  ...mutantsOf('server/log/log.ts', [
    {
      why: 'acknowledged before it is flushed',
      find: 'await this.#commit(batches, inserted);\n      if (group',
      replace: 'void this.#commit(batches, inserted).catch(() => undefined);\n      if (group',
      suite: unit('server/log/crashes'),
    },
    {
      why: 'a batch sent again is stored again',
      find: "if (this.#cursors.verdict(batch) === 'stored') return Promise.resolve({ duplicate: true });",
      replace: '',
      suite: unit('server/log/log'),
    },
    {
      why: 'what was stored is not remembered',
      find: 'for (const batch of batches) this.#cursors.add(batch);',
      replace: '',
      suite: unit('server/log/log'),
    },
    {
      why: 'what has gone may come back',
      find: 'await this.#segments.syncRemoved();',
      replace: '',
      suite: unit('server/log/lost-journal'),
    },
    {
      why: 'the journal never becomes shorter',
      find: 'if (this.#journal.wants_snapshot)',
      replace: 'if (false)',
      suite: unit('server/log/log'),
    },
  ]),
  ...mutantsOf('server/log/recover.ts', [
    {
      why: 'a torn tail stays',
      find: 'await file.truncate(length).finally(() => file.close());',
      replace: 'await file.close();',
      suite: unit('server/log/log'),
    },
    {
      why: 'what no journal tells of goes',
      find: 'else if (gone.has(found.segment)) await disk.remove(path);',
      replace: 'else if (into.whole_journal || gone.has(found.segment)) await disk.remove(path);',
      suite: unit('server/log/lost-journal'),
    },
    {
      why: 'what is stored already is read again',
      find: 'else if (gone.has(found.segment)) await disk.remove(path);',
      replace: '',
      suite: unit('server/log/lost-journal'),
    },
    {
      why: 'names of others are taken for segments',
      find: 'if (found === undefined) into.foreign.push(join(kind, name));',
      replace: 'if (found === undefined) await disk.remove(path);',
      suite: unit('server/log/lost-journal'),
    },
  ]),
  ...mutantsOf('server/log/recover-file.ts', [
    { why: 'damaged rows are given', find: ' && crc32(bytes) === known.crc', replace: '', suite: unit('server/log/damage') },
    {
      why: 'the end of a journal is always believed',
      find: 'if (bytes === undefined && !into.closed_journal)',
      replace: 'if (false)',
      suite: unit('server/log/lost-journal'),
    },
  ]),
  ...mutantsOf('server/log/examine.ts', [
    { why: 'damaged batches are in no account', find: 'into.missing.push(...left);', replace: '', suite: unit('server/log/damage') },
    {
      why: 'batches are where the journal says or nowhere',
      find: 'at++;\n      continue;',
      replace: 'break;',
      suite: unit('server/log/framing'),
    },
  ]),
  ...mutantsOf('server/log/framing.ts', [
    { why: 'rows have the places that they have here', find: 'places?.[row] ?? row', replace: 'row', suite: unit('server/log/framing') },
    { why: 'a batch is what its trailers say', find: 'crc32(framed) === crc ?', replace: 'true ?', suite: unit('server/log/framing') },
  ]),
  ...mutantsOf('server/log/losses.ts', [
    {
      why: 'a loss that is told is forgotten though it may grow',
      find: ' || [...segments.keys()].some((segment) => origins.has(originOf(segment)))',
      replace: '',
      suite: unit('server/log/bounds'),
    },
    {
      why: 'a batch that was lost twice is two',
      find: 'each.rows > most.rows ? each : most',
      replace: '{ ...each, rows: each.rows + most.rows }',
      suite: unit('server/log/bounds'),
    },
  ]),
  ...mutantsOf('server/log/sequences.ts', [
    { why: 'the end of a range is new', find: '|| this.#bounds[at - 1] === sequence ?', replace: '?', suite: unit('server/log/sequences') },
    {
      why: 'neighbours are not joined',
      find: 'if (touchesBefore && touchesAfter)',
      replace: 'if (false)',
      suite: unit('server/log/sequences'),
    },
    {
      why: 'closed gaps are open',
      find: "if (sequence <= this.closed_up_to) return 'too_old'",
      replace: "if (sequence < this.closed_up_to) return 'too_old'",
      suite: unit('server/log/sequences'),
    },
  ]),
  ...mutantsOf('server/log/flush-pace.ts', [
    {
      why: 'a batch that comes alone waits',
      find: 'if (wait_ms <= 0) this.#flush();',
      replace: 'if (wait_ms < -1e12) this.#flush();',
      suite: unit('server/log/flush-pace'),
    },
    {
      why: 'what is planned when the log ends is never flushed',
      find: 'this.#timer = undefined;\n    this.#flush();',
      replace: 'this.#timer = undefined;',
      suite: unit('server/log/flush-pace'),
    },
  ]),
  ...mutantsOf('server/log/writer.ts', [
    {
      why: 'a stop waits until all of a backlog is stored',
      find: ' || performance.now() >= this.#last_ms',
      replace: '',
      suite: unit('server/log/writer-backlog'),
    },
    {
      why: 'late segments go first',
      find: 'return [...live, ...(this.#stopped ? late : late.slice(0, LATE_A_ROUND))];',
      replace: 'return [...(this.#stopped ? late : late.slice(0, LATE_A_ROUND)), ...live];',
      suite: unit('server/log/writer'),
    },
    {
      why: 'a segment goes before it is stored',
      find: 'if (await this.#insert(segment)) inserted.push(segment);',
      replace: 'inserted.push(segment);\n      if (await this.#insert(segment)) {}',
      suite: unit('server/log/writer'),
    },
    {
      why: 'a segment goes before its late rows are noted',
      find: "      for (const segment of inserted) await this.#fail(segment, error, 'transient');\n      return false;",
      replace: "      for (const segment of inserted) await this.#fail(segment, error, 'transient');",
      suite: unit('server/log/writer-notes'),
    },
    {
      why: 'trouble is never over',
      find: "if (!failed && this.#attempts.size === 0) this.#setTrouble('');",
      replace: '',
      suite: unit('server/log/writer'),
    },
  ]),
  ...mutantsOf('server/log/lane.ts', [
    {
      why: 'live rows are late',
      find: "return age_ms >= LATE.age_ms_min ? 'late' : 'live'",
      replace: "return age_ms >= LATE.age_ms_min ? 'live' : 'late'",
      suite: unit('server/log/log'),
    },
  ]),
];
