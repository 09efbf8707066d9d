// The recordings of this folder: which situation of scenarios A to D each is, and the rows in it that name the cause.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../agent/exports/row-json.ts';
import { Recording } from '../../agent/recording/read.ts';
import { KIND, KINDS, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';

export type RowsByKind = { [Name in Kind]: Rows[Name][] };

export type Named = {
  /** of test/fidelity; undefined: traffic of its own, loss.ts */
  scenario?: string;
  /** what a person must find in it */
  causes: (rows: RowsByKind) => Row[];
};

/** Half of its time with data to send. */
const mostly = (limited_us: number, busy_us: number) => limited_us > 0 && limited_us >= busy_us / 2;

export const RECORDINGS: Readonly<Record<string, Named>> = {
  loss: {
    causes: ({ retransmit }) => retransmit.filter(({ class: name }) => name === 'fast' || name === 'rto'),
  },
  'idle-reset': {
    scenario: 'A1',
    causes: ({ reset }) => reset.filter((row) => row.direction === 'received' && row.idle_us >= 1_000_000),
  },
  'abort-on-close': {
    scenario: 'A2',
    causes: ({ reset }) => reset.filter((row) => row.reason === 'tcp_abort_on_close' && row.unread > 0),
  },
  'linger-zero': {
    scenario: 'A3',
    causes: ({ reset }) => reset.filter((row) => row.direction === 'sent' && row.state === 'established' && row.unread === 0),
  },
  'nobody-listens': {
    scenario: 'A4',
    causes: ({ reset }) => reset.filter((row) => row.reason === 'no_socket'),
  },
  'accept-queue': {
    scenario: 'A5',
    causes: ({ listener }) => listener.filter((row) => row.drops > 0 && row.accept_queue > row.accept_queue_limit),
  },
  firewall: {
    scenario: 'A6',
    causes: ({ drop }) => drop.filter((row) => row.reason === 'netfilter_drop'),
  },
  keepalive: {
    scenario: 'A7',
    causes: ({ reset }) => reset.filter((row) => row.reason === 'tcp_keepalive_timeout'),
  },
  'receive-window': {
    scenario: 'B3',
    causes: ({ connection }) => connection.filter((row) => row.event === 'close' && mostly(row.rwnd_limited_us, row.busy_us)),
  },
  'slow-server': {
    scenario: 'B8',
    causes: ({ connection }) =>
      connection.filter(
        (row) => row.event === 'close' && row.turns > 0 && row.turn_us / row.turns > 10 * row.srtt_us && row.total_retrans === 0,
      ),
  },
  'slow-reader': {
    scenario: 'B10',
    causes: ({ sample }) => sample.filter((row) => row.unread > 0 && row.rcv_wnd === 0),
  },
  'close-wait': {
    scenario: 'C1',
    causes: ({ sample }) => sample.filter((row) => row.state === 'close_wait' && row.state_us > 0),
  },
  'black-hole': {
    scenario: 'D4',
    causes: ({ connection }) => connection.filter((row) => row.end_reason === 'timeout' && row.retrans_rto > 0),
  },
};

export const fileOf = (name: string): string => join(import.meta.dirname, `${name}.tcplens`);

/** Those that are there. */
export const recorded = (): string[] =>
  readdirSync(import.meta.dirname).flatMap((file) => (file.endsWith('.tcplens') ? [file.slice(0, -'.tcplens'.length)] : []));

/** Every row of a recording, decoded. */
export function readRows(file: string): RowsByKind {
  const rows: Record<Kind, Row[]> = Object.fromEntries(KIND.map((kind) => [kind, []])) as unknown as RowsByKind;
  const recording = new Recording(file);
  for (const part of recording.parts()) {
    if (part.sort !== 'rows') continue;
    const view = new DataView(part.rows.buffer, part.rows.byteOffset, part.rows.byteLength);
    for (let at = 0; at < part.rows.length; at += KINDS[part.kind].size) rows[part.kind].push(KINDS[part.kind].read(view, at));
  }
  recording.close();
  return rows as RowsByKind;
}
