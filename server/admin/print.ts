// What `tcplens admin` prints for people.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import type { Migrations, Retention } from '../api/admin.ts';
import { bytesText, momentText, table } from '../print-table.ts';
import type { Manifest } from './backup.ts';
import type { StoreCheck } from './check-store.ts';

const daysText = (days: number | null) => (days === null ? 'for ever' : `${days} days`);

/** The text that `serve`, `up` and `admin link` print with the link for the owner's browser. */
export const linkText = (link: string): string => `tcplens: open once, within 15 minutes, to be an admin in this browser: ${link}\n`;

export function migrationsText({ migrations }: Migrations): string {
  const rows = migrations.map(({ number, name, checksum, applied_at_ms, state }) => [
    String(number),
    name,
    checksum,
    applied_at_ms === null ? state : `${momentText(applied_at_ms)}${state === 'applied' ? '' : ` (${state})`}`,
  ]);
  return table(['number', 'name', 'checksum', 'applied'], rows, new Set([0]));
}

export function retentionText({ tables, system_logs, dropped }: Retention): string {
  const own = tables.map((kept) => [
    kept.table,
    kept.class || '-',
    String(kept.rows),
    bytesText(kept.bytes),
    kept.oldest || '-',
    daysText(kept.days),
  ]);
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = [table(['table', 'class', 'rows', 'size', 'oldest', 'kept'], own, new Set([2, 3])), `together ${bytesText(total)}\n`];
  if (system_logs.length > 0) {
    const logs = system_logs.map((log) => [`system.${log.table}`, bytesText(log.bytes), daysText(log.days)]);
    parts.push(`\n${table(['log of the server itself', 'size', 'kept'], logs, new Set([1]))}`);
    if (system_logs.some(({ days }) => days === null)) {
      parts.push(
        'kept for ever: "tcplens admin retention set system_logs 7" bounds them; <ttl> in the server’s config.xml does so for good\n',
      );
    }
  }
  const lines = dropped.map(
    ({ at_ms, day, bytes, limit_bytes }) =>
      `${momentText(at_ms)}  dropped ${escapeControls(day)}: ${bytesText(bytes)}, over the limit of ${bytesText(limit_bytes)}\n`,
  );
  return parts.join('') + (lines.length > 0 ? `\n${lines.join('')}` : '');
}

export function checkText({ troubles, tables, days, log }: StoreCheck): string {
  const parts = [
    table(
      ['table', 'parts', 'rows', 'broken parts'],
      tables.map((one) => [one.table, String(one.parts), String(one.rows), String(one.broken)]),
      new Set([1, 2, 3]),
    ),
    table(
      ['day', 'kind', 'stored', 'in the table', 'missing'],
      days.map(({ day, kind, stored, held }) => [day, kind, String(stored), String(held), String(Math.max(0, stored - held))]),
      new Set([2, 3, 4]),
    ),
    `log: ${log.waiting_rows} rows in ${log.waiting_segments} segments wait for the tables, ${log.lost_rows} are lost\n`,
    troubles.length === 0 ? 'whole\n' : troubles.map((trouble) => `${escapeControls(trouble)}\n`).join(''),
  ];
  return parts.join('\n');
}

export function backupText({ tcplens, taken_at_ms, bytes, rows }: Omit<Manifest, 'format' | 'files' | 'links'>): string {
  const counted = Object.entries(rows).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const held = table(
    ['table', 'rows'],
    counted.map(([name, number]) => [name, String(number)]),
    new Set([1]),
  );
  return `${held}together ${bytesText(bytes)}, as of ${momentText(taken_at_ms)}, by tcplens ${escapeControls(tcplens)}; every file was read and is sound\n`;
}
