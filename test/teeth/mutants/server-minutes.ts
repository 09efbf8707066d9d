// Rows that are one by their identity, and the minutes that are made of them.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverMinutes: readonly Mutant[] = [
  ...mutantsOf('server/storage/identity.ts', [
    {
      why: 'batches of two runs are one',
      find: "host_id, connection_id, time_ns, epoch, sequence, batch_row'",
      replace: "host_id, connection_id, time_ns'",
      suite: unit('server/storage/store.contract'),
    },
    {
      why: 'copies among few rows are told',
      find: ' LIMIT 1 BY ${ONE_ROW}',
      replace: '',
      suite: unit('server/storage/twice.contract'),
    },
  ]),
  ...mutantsOf('server/storage/row-tables.ts', [
    {
      why: 'a table keeps copies',
      find: 'time_ns, ${IDENTITY.map(({ name }) => name)',
      replace: 'time_ns, ${IDENTITY.slice(0, 1).map(({ name }) => name)',
      suite: unit('server/storage/store.contract'),
    },
  ]),
  ...mutantsOf('server/storage/rollup.ts', [
    {
      why: 'copies of rows are in the minutes',
      find: 'FROM ${kind} FINAL WHERE',
      replace: 'FROM ${kind} WHERE',
      suite: unit('server/storage/twice.contract'),
    },
  ]),
  ...mutantsOf('server/storage/stored.ts', [
    {
      why: 'copies of rows are counted',
      find: 'FROM ${kind} FINAL WHERE',
      replace: 'FROM ${kind} WHERE',
      suite: unit('server/storage/twice.contract'),
    },
  ]),
  ...mutantsOf('server/storage/host-ranges.ts', [
    {
      why: 'the first host of a range is in the one before, too',
      find: '`${column} < ${end}`',
      replace: '`${column} <= ${end}`',
      suite: unit('server/storage/host-ranges'),
    },
    {
      why: 'each range is all hosts, and reads all rows',
      find: "if (rows <= rows_max) return [{ where: 'true', rows }];",
      replace: "return [{ where: 'true', rows }];",
      suite: unit('server/storage/host-ranges'),
    },
  ]),
  ...mutantsOf('server/storage/map-hour-build.ts', [
    {
      why: 'each part of an hour has the ends of all',
      find: 'map_sliced_end WHERE build = ${version} AND part = ${part} AND',
      replace: 'map_sliced_end WHERE build = ${version} AND',
      suite: unit('server/storage/map-hours.contract'),
    },
    {
      why: 'the ends that were put aside stay',
      find: '`ALTER TABLE ${table} DROP PARTITION ${version}`',
      replace: '`ALTER TABLE ${table} DROP PARTITION 0`',
      suite: unit('server/storage/map-hours.contract'),
    },
    {
      why: 'a service that has all connections of an hour is matched by one statement',
      find: 'Math.min(SLICES, Math.max(1, Math.ceil(ends / most)))',
      replace: '1',
      suite: unit('server/storage/map-hours.contract', 'matched by slices'),
    },
    {
      why: 'a slice has the ends of its neighbour, too',
      find: 'slice < ${to}',
      replace: 'slice <= ${to}',
      suite: unit('server/storage/map-hours.contract', 'matched by slices'),
    },
  ]),
  ...mutantsOf('server/storage/queries/pairs.ts', [
    {
      why: 'the two ends of a connection are in different parts',
      find: 'cityHash64(pair.1, pair.3, pair.4, ',
      replace: 'cityHash64(ends.2, ends.4, ',
      suite: unit('server/storage/map-hours.contract'),
    },
    {
      why: 'the two ends of a connection are in different slices',
      find: 'cityHash64(pair.2) %',
      replace: 'cityHash64(connection_key) %',
      suite: unit('server/storage/map-hours.contract', 'no statement can take alone'),
    },
  ]),
  ...mutantsOf('server/storage/embedded.ts', [
    {
      why: 'statements of upkeep do not give way to inserts of rows',
      find: '      await way.calm();\n',
      replace: '',
      suite: unit('server/storage/give-way'),
    },
  ]),
  ...mutantsOf('server/storage/give-way.ts', [
    {
      why: 'beside rows that are behind it waits no longer',
      find: "this.#is_behind ? 'behind' : 'usual'",
      replace: "'usual'",
      suite: unit('server/storage/give-way'),
    },
  ]),
  ...mutantsOf('server/log/writer.ts', [
    {
      why: 'late rows hold upkeep up',
      find: "is_behind: this.#isBehind('live')",
      replace: "is_behind: this.#isBehind('live') || this.#isBehind('late')",
      suite: unit('server/log/writer-backlog', 'are behind'),
    },
    {
      why: 'nobody says that rows are behind',
      find: "...storedOf(segment), is_behind: this.#isBehind('live') }",
      replace: '...storedOf(segment) }',
      suite: unit('server/log/writer-backlog', 'are behind'),
    },
  ]),
  ...mutantsOf('server/storage/fill.ts', [
    {
      why: 'a statement of upkeep is not found when it is to end',
      find: 'log_comment = ${quote(id)}',
      replace: 'log_comment = ${quote(String(id.length))}',
      suite: unit('server/upkeep'),
    },
  ]),
  ...mutantsOf('server/storage/late-pieces.ts', [
    {
      why: 'rows that come late are never in their minutes',
      find: 'if (found.pieces.length === 0) return;',
      replace: 'if (found.pieces.length >= 0) return;',
      suite: unit('server/storage/crash'),
    },
    {
      why: 'of a late segment only the beginning is looked at',
      find: 'if (bytesRead === 0) return;',
      replace: 'if (bytesRead < chunk.length) return;',
      suite: unit('server/storage/minute-refresh'),
    },
    {
      why: 'what was built late is built again for ever',
      find: 'host_id, note, done: 1 })',
      replace: 'host_id, note, done: 0 })',
      suite: unit('server/storage/minute-refresh'),
    },
    {
      why: 'minutes are made before their rows have come',
      find: 'export const SETTLED_S = 120;',
      replace: 'export const SETTLED_S = 0;',
      suite: unit('server/storage/tiers'),
    },
  ]),
  ...mutantsOf('server/storage/minute-build.ts', [
    {
      why: 'an old version is read on',
      find: 'return newVersion(found?.now_ms ?? 0, [BigInt(found?.newest ?? 0)]);',
      replace: 'return 10n ** 18n - BigInt(Date.now());',
      suite: unit('server/storage/minute-refresh'),
    },
  ]),
  ...mutantsOf('server/storage/late-refresh.ts', [
    {
      why: 'only the first host is built anew',
      find: 'const pairs = pieces.map(',
      replace: 'const pairs = pieces.slice(0, 1).map(',
      suite: unit('server/storage/tiers'),
    },
    {
      why: 'one statement builds all late pieces, however many rows they have',
      find: 'count <= room',
      replace: 'true',
      suite: unit('server/storage/minute-refresh'),
    },
  ]),
  ...mutantsOf('server/storage/published-minutes.ts', [
    {
      why: 'minutes that were never made are taken for made',
      find: 'GROUP BY at - ${PIECE_S} * toInt64(rowNumberInAllBlocks())',
      replace: 'GROUP BY at < 0',
      suite: unit('server/storage/minute-refresh'),
    },
  ]),
];
