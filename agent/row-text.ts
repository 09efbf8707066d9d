// Rows as text: a line of JSON with every member, or a line for a person with what matters. Pure. Names in rows come
// from whoever runs a program, so nothing in them may reach a terminal as a control character.
import type { Kind, Rows } from '../bpf/rows.gen.ts';

export type Row = Rows[Kind];

/** C0, DEL and C1: what a terminal obeys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is the control characters that are looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Control characters as \u00xx. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One JSON object with the members of rows.h in their order; times and ids as strings, for they exceed 2^53. */
export function rowJson(row: Row): string {
  // JSON itself lets DEL and C1 through.
  return escapeControls(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
}

export const TABLE_HEADER = line('TIME', 'KIND', 'PID', 'COMM', 'LOCAL', 'PEER', 'WHAT');

/** One line of the table, aligned with its header. */
export function rowLine(row: Row): string {
  const { time_ns, kind, pid, comm, local_addr, local_port, peer_addr, peer_port } = row;
  const time = new Date(Number(time_ns / 1_000_000n)).toISOString().slice(11, 23);
  return line(
    time,
    kind,
    pid === 0 ? '-' : String(pid),
    escapeControls(comm) || '-',
    end(local_addr, local_port),
    end(peer_addr, peer_port),
    whatOf(row),
  );
}

function line(time: string, kind: string, pid: string, comm: string, local: string, peer: string, what: string): string {
  return [time.padEnd(12), kind.padEnd(12), pid.padStart(7), comm.padEnd(15), local.padEnd(21), peer.padEnd(21), what].join(' ');
}

function end(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const WHAT: { [Name in Kind]: (row: Rows[Name]) => string } = {
  retransmit: (row) =>
    `${row.class} ${row.outcome}${row.err === 0 ? '' : ` (errno ${-row.err})`}, ${row.segments} segments, ${bytes(row.bytes)} from ${row.seq}, ` +
    `${row.ca_state}, cwnd ${row.snd_cwnd}, rto ${duration(row.rto_us)}, srtt ${duration(row.srtt_us)}`,
  connection: (row) =>
    row.event === 'open' ? `open, ${row.role}${row.connect_us === 0 ? '' : `, connect ${duration(row.connect_us)}`}` : endOf(row),
  state_change: (row) => `${row.old_state} → ${row.new_state}${row.duration_us === 0 ? '' : ` after ${duration(row.duration_us)}`}`,
  sample: (row) =>
    `${row.state}, sent ${bytes(row.bytes_sent)}, received ${bytes(row.bytes_received)} in ${duration(row.interval_us)}, ` +
    `${row.retrans} retransmitted, ${row.ca_state}, cwnd ${row.snd_cwnd}, srtt ${duration(row.srtt_us)}`,
};

function whatOf(row: Row): string {
  // The mapping is total; only that `row` and its own `kind` belong together is beyond the type system here.
  return (WHAT[row.kind] as (row: Row) => string)(row);
}

function endOf(row: Rows['connection']): string {
  const error = row.sk_err === 0 ? '' : ` (errno ${row.sk_err})`;
  return (
    `${row.event}, ${row.end_reason}${error} after ${duration(row.duration_us)}, sent ${bytes(row.bytes_sent)}, received ${bytes(row.bytes_received)}, ` +
    `${row.total_retrans} retransmitted, srtt ${duration(row.srtt_us)}`
  );
}

/** Microseconds for a person: three significant digits. */
export function duration(us: number): string {
  if (us === 0) return '-';
  if (us < 1000) return `${us} µs`;
  if (us < 1_000_000) return `${Number((us / 1000).toPrecision(3))} ms`;
  return `${Number((us / 1_000_000).toPrecision(us < 1e9 ? 3 : 6))} s`;
}

/** Bytes for a person, in binary units. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const power = Math.min(Math.floor(Math.log2(count) / 10), 4);
  return `${Number((count / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
