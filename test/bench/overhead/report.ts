// The figures as tables for a person, and as the one line for everything else.
import type { Contender } from './contenders.ts';
import type { ExchangeFigures } from './exchanges.ts';
import { type Aim, type Figures, isMet, type ProgramFigures } from './summary.ts';
import { type SweepBase, type SweepFigures, type SweepTime, socketNs } from './sweep.ts';

type Column = { title: string; text: (figures: Figures) => string };

const number = (value: number, digits: number) => value.toLocaleString('en', { maximumFractionDigits: digits, useGrouping: false });
const orDash = (value: number, digits: number) => (value === 0 ? '-' : number(value, digits));

const COLUMNS: readonly Column[] = [
  { title: 'conn/s', text: ({ connections_per_s }) => number(connections_per_s, 0) },
  { title: 'of nothing', text: ({ connections_ratio_to_nothing }) => connections_ratio_to_nothing.toFixed(3) },
  { title: 'p50 µs', text: ({ p50_us }) => number(p50_us, 0) },
  { title: 'p99 µs', text: ({ p99_us }) => number(p99_us, 0) },
  { title: 'kernel ns', text: ({ kernel_ns }) => orDash(kernel_ns, 0) },
  { title: 'user µs', text: ({ user_us }) => orDash(user_us, 2) },
  { title: 'system µs', text: ({ system_us }) => orDash(system_us, 2) },
  { title: 'peak MiB', text: ({ peak_rss_mib }) => orDash(peak_rss_mib, 0) },
  { title: 'lost', text: ({ lost }) => number(lost, 0) },
];

/** A table of text, numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return [head, ...rows].map((cells) => line(cells).join('  ')).join('\n');
}

export function contenderTable(figures: ReadonlyMap<string, Figures>): string {
  const rows = [...figures].map(([name, each]) => [name, ...COLUMNS.map(({ text }) => text(each))]);
  return table(['a connection costs', ...COLUMNS.map(({ title }) => title)], rows);
}

export function programTable(programs: ReadonlyMap<string, readonly ProgramFigures[]>): string {
  const rows = [...programs].flatMap(([contender, each]) =>
    each.map(({ name, ns_a_run, runs_a_connection, missed }) => [
      `${contender}: ${name}`,
      number(ns_a_run, 0),
      number(runs_a_connection, 2),
      number(ns_a_run * runs_a_connection, 0),
      number(missed, 0),
    ]),
  );
  return table(['program', 'ns a run', 'runs a conn', 'ns a conn', 'missed'], rows);
}

export function exchangeTable(all: readonly ExchangeFigures[]): string {
  const rows = all.map(({ contender, connections, bytes, exchanges_per_s, of_nothing, cpu_of_nothing, p99_us, kernel_ns }) => [
    `${contender}: ${connections} × ${bytes} B`,
    number(exchanges_per_s, 0),
    of_nothing.toFixed(3),
    cpu_of_nothing.toFixed(3),
    number(p99_us, 0),
    orDash(kernel_ns, 0),
  ]);
  return table(['request and answer, connections kept', 'a second', 'of nothing', 'CPU of nothing', 'p99 µs', 'kernel ns'], rows);
}

export function sweepTable(base: SweepBase, sweeps: readonly SweepFigures[]): string {
  const times = (time: SweepTime, sockets: number) => [
    number(time.wall_ms, 1),
    number(time.cpu_ms, 1),
    number(socketNs(time, base, sockets), 0),
  ];
  const rows = sweeps.map(({ sockets, still, moved, moved_rows }) => [
    number(sockets, 0),
    ...times(still, sockets),
    ...times(moved, sockets),
    number(moved_rows, 0),
  ]);
  const head = ['sockets', 'none moved: ms', 'CPU ms', 'ns a socket', 'all moved: ms', 'CPU ms', 'ns a socket', 'rows'];
  const rest = `${number(base.cpu_ms, 1)} CPU ms of each are there without any of these sockets, for ${base.namespaces} network namespaces`;
  return `${table(head, rows)}\n${rest}; ns a socket are what is beyond`;
}

export function aimTable(aims: readonly Aim[]): string {
  const verdict = (aim: Aim) => ({ true: 'met', false: 'not met', undefined: 'not measured' })[String(isMet(aim))] ?? '';
  const rows = aims.map((aim) => {
    const { what, figure, limit, at_least = false } = aim;
    return [what, figure === undefined ? '-' : number(figure, 3), `${at_least ? '≥' : '≤'} ${number(limit, 3)}`, verdict(aim)];
  });
  return table(['aim', 'is', 'should be', ''], rows);
}

export const participants = (all: readonly Contender[]): string => all.map(({ name, job }) => `${name}: ${job}`).join('\n');

const round = (value: number) => Math.round(value * 1000) / 1000;

/** Names as the table's, with their units; those of tcplens itself without a prefix too where the aims speak of them. */
export function jsonLine(
  figures: ReadonlyMap<string, Figures>,
  base: SweepBase,
  sweeps: readonly SweepFigures[],
  exchanges: readonly ExchangeFigures[],
  aims: readonly Aim[],
): string {
  const flat = (prefix: string, values: object) =>
    Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, round(Number(value))]);
  const own = figures.get('tcplens');
  const peer = figures.get('tcplife');
  return JSON.stringify({
    bench: 'overhead',
    ...(own && {
      kernel_ns_per_connection: round(own.kernel_ns),
      user_us_per_connection: round(own.user_us),
      system_us_per_connection: round(own.system_us),
      connections_ratio_to_nothing: round(own.connections_ratio_to_nothing),
      agent_peak_rss_mib: round(own.peak_rss_mib),
    }),
    ...(own &&
      peer && { ratio_kernel_to_tcplife: round(own.kernel_ns / peer.kernel_ns), ratio_user_to_tcplife: round(own.user_us / peer.user_us) }),
    sweep_base_ms: round(base.cpu_ms),
    sweep_namespaces: base.namespaces,
    ...Object.fromEntries(
      sweeps.flatMap(({ sockets, still, moved }) => [
        [`sweep_ms_${sockets / 1000}k`, round(moved.wall_ms)],
        [`sweep_ns_per_socket_${sockets / 1000}k`, round(socketNs(moved, base, sockets))],
        [`sweep_still_ns_per_socket_${sockets / 1000}k`, round(socketNs(still, base, sockets))],
      ]),
    ),
    ...Object.fromEntries(
      exchanges.flatMap(({ contender, connections, bytes, of_nothing, cpu_of_nothing, kernel_ns }) => [
        [`${contender}_exchange_${connections}x${bytes}_ratio_to_nothing`, round(of_nothing)],
        [`${contender}_exchange_${connections}x${bytes}_cpu_ratio_to_nothing`, round(cpu_of_nothing)],
        [`${contender}_exchange_${connections}x${bytes}_kernel_ns`, round(kernel_ns)],
      ]),
    ),
    aims_met: aims.filter((aim) => isMet(aim) === true).length,
    aims_not_met: aims.filter((aim) => isMet(aim) === false).length,
    ...Object.fromEntries([...figures].flatMap(([name, each]) => flat(name, each))),
  });
}
