// What reaches a terminal, by every way there: nothing that it obeys, and nothing that turns round what it shows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Report, reportJson, reportText } from '../../../agent/commands/check-report.ts';
import { rowJson } from '../../../agent/exports/row-json.ts';
import { encodeFrame, encodeJson, encodePrefix, SORT } from '../../../agent/recording/format.ts';
import { rowLine } from '../../../agent/text/row-text.ts';
import { layoutOf } from '../../../bpf/rows/layout.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { retentionText } from '../../../server/admin/print.ts';
import { root } from '../../support/project-files.ts';
import { rowBytes } from '../../support/row-bytes.ts';

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
/** C0, DEL and C1; the marks, embeddings, overrides and isolates of the bidirectional algorithm; separators of lines. */
const OBEYED = [...range(0x00, 0x1f), ...range(0x7f, 0x9f), 0x061c, 0x200e, 0x200f, ...range(0x2028, 0x202e), ...range(0x2066, 0x2069)];
/** A text of others with one of them. */
const textOf = (code: number) => `a${String.fromCharCode(code)}b`;

function expectPlain(output: string): void {
  const found = [...output].map((character) => character.codePointAt(0) ?? 0).filter((code) => code !== 0x0a && OBEYED.includes(code));
  expect(found).toEqual([]);
}

function report(text: string): Report {
  const facts = {
    platform: 'linux',
    release: text,
    btf: true,
    module_btf: [text],
    unprivileged_bpf_disabled: 0,
    uid: 1,
    capabilities: new Set<never>(),
  };
  const hook = { name: text, attached: false, reason: text };
  return {
    facts,
    cgroup2: text,
    problems: [{ code: 'x', message: text }],
    watching: {
      hooks: [hook],
      fields: [hook],
      netns: [],
      netns_refused: [{ inode: 1, name: text, reason: text }],
      memory: { rings: 0, other_maps: 0 },
      rights: { uid: 1, capabilities: {}, bounding_empty: true, threads: 1 },
    },
  };
}

test.each(OBEYED)('U+%s is in no line of rows, of check, of admin', (code) => {
  const text = textOf(code);
  const bytes = rowBytes('drop', { comm: text.replace('\0', ''), reason: text, location: text });
  const row = KINDS.drop.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  for (const output of [rowLine(row), rowJson(row)]) {
    expectPlain(output);
    expect(output).not.toContain('\n');
  }
  expect(JSON.parse(rowJson(row))).toMatchObject({ comm: row.comm, reason: row.reason });
  expectPlain(reportText(report(text)));
  expectPlain(reportJson(report(text)));
  // A line feed in a name makes no line of its own.
  expect(reportText(report(text)).split('\n')).toHaveLength(reportText(report('ab')).split('\n').length);
  const table = { table: text, class: '' as const, rows: 1, bytes: 1, oldest: text, days: 1 };
  expectPlain(
    retentionText({
      tables: [table],
      system_logs: [{ table: text, bytes: 1, days: 1 }],
      dropped: [{ at_ms: 0, day: text, rows: 1, bytes: 1, limit_bytes: 1 }],
    }),
  );
});

const HOSTILE = `\u001b[31m\u009b2J\u202e\u2066\u200f\nfake`;

/** A recording that says such things of itself, with one row. */
function hostileRecording(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-hostile-')), 'r.tcplens');
  const header = {
    tcplens: HOSTILE,
    kernel: HOSTILE,
    started_ns: '1',
    interval_ms: 1,
    anonymized: false,
    filters: [HOSTILE],
    refused: [{ name: HOSTILE, reason: HOSTILE }],
    absent: [],
    layouts: [layoutOf('drop')],
  };
  const rows = encodeFrame({
    sort: SORT.rows,
    layout: 0,
    offset_ms: 0,
    bytes: rowBytes('drop', { comm: '\u001b\u009b2J\u202e\n', reason: HOSTILE }),
  });
  writeFileSync(file, Buffer.concat([encodePrefix(), encodeJson(SORT.header, 0, header), rows]));
  return file;
}

test.each([
  ['watch', (file: string) => ['watch', '--replay', file, '--speed', '0']],
  [
    'watch as JSON',
    (file: string) => ['watch', '--replay', file, '--speed', '0', '--format', 'ndjson', '--filter', 'process = "\u009b\u202e"'],
  ],
  ['record', (file: string) => ['record', `${file}.copy`, '--replay', file]],
  ['a file that is not there', () => ['watch', '--replay', `/nonexistent/${HOSTILE}`]],
  ['wrong usage', () => ['watch', HOSTILE]],
  ['an unknown option', () => ['watch', `--${HOSTILE}`]],
  ['an option’s value', () => ['watch', '--interval', HOSTILE]],
  ['an unknown command', () => [HOSTILE]],
])('tcplens %s writes nothing of the kind', (_what, args) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['cli.ts', ...args(hostileRecording())], { cwd: root, encoding: 'utf8' });
  expect(stdout + stderr).not.toBe('');
  expectPlain(stdout + stderr);
  expect((stdout + stderr).split('\n')).not.toContain('fake');
});

test('neither does a line of the log', () => {
  const script = `import { createLog } from './agent/process/log.ts'; createLog('info').info({ name: ${JSON.stringify(HOSTILE)} }, ${JSON.stringify(HOSTILE)});`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });
  expectPlain(stderr);
  expect(JSON.parse(stderr)).toMatchObject({ name: HOSTILE, msg: HOSTILE });
});
