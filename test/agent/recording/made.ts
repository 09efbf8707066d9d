// Recordings made by hand, frame by frame, so that tests can bend them.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, encodeJson, encodePrefix, type RecordedHost, type RecordingEnd, SORT } from '../../../agent/recording/format.ts';
import { layoutOf } from '../../../bpf/rows/layout.ts';
import { KIND, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { HEADER } from '../recorded.ts';

export const STARTED_NS = BigInt(HEADER.started_ns);
export const MS = 1_000_000n;

export const row = (kind: Kind, offset_ms: number, values: RowValues = {}): Buffer =>
  rowBytes(kind, { time_ns: STARTED_NS + BigInt(offset_ms) * MS, comm: 'recorded', ...values });

export const header = (change: object = {}): Uint8Array =>
  Buffer.concat([encodePrefix(), encodeJson(SORT.header, 0, { ...HEADER, layouts: KIND.map(layoutOf), ...change })]);

/** Of a recording of these hosts. */
export const hostsHeader = (hosts: RecordedHost[]): Uint8Array =>
  Buffer.concat([encodePrefix(true), encodeJson(SORT.header, 0, { ...HEADER, hosts, layouts: KIND.map(layoutOf) })]);

export const rows = (kind: Kind, offset_ms: number, ...bytes: Buffer[]): Uint8Array =>
  encodeFrame({ sort: SORT.rows, layout: KINDS[kind].index, offset_ms, bytes: Buffer.concat(bytes) });

export const end = (kinds: RecordingEnd['kinds'], length_ms = 200): Uint8Array => encodeJson(SORT.end, length_ms, { length_ms, kinds });

/** Three frames: two retransmits at 0 ms, a sample at 60 ms, a retransmit at 120 ms; the kernel lost two and withheld one. */
export const FRAMES = [
  rows('retransmit', 0, row('retransmit', 0, { connection_id: 11 }), row('retransmit', 0, { connection_id: 12 })),
  rows('sample', 60, row('sample', 60, { connection_id: 13, cgroup_id: 5, netns: 6 })),
  rows('retransmit', 120, row('retransmit', 120, { connection_id: 14 })),
];
export const COUNTED = { retransmit: { rows: 3, written: 3, ring_lost: 2, withheld: 1 }, sample: { rows: 1, written: 1 } };
export const SOUND = Buffer.concat([header(), ...FRAMES, end(COUNTED)]);

const HOSTS = [
  { host_id: '000000000000000a', name: 'alpha' },
  { host_id: '000000000000000b', name: 'beta' },
];
const named = (host_id: string, command: string) =>
  encodeJson(SORT.names, 5, {
    host_id,
    processes: [{ pid: 7, started_at_ms: 5, name: 'x', command, cgroup_id: '0' }],
    cgroups: [],
    netns: [],
  });
/** Two hosts, of an investigation: a sample of each at 0 ms, and one of the second at 50 ms. */
export const SEVERAL = Buffer.concat([
  hostsHeader(HOSTS),
  encodeJson(SORT.investigation, 0, { by: 'collector', told: {} }),
  rows('sample', 0, row('sample', 0, { host_id: 10, connection_id: 1 }), row('sample', 0, { host_id: 11, connection_id: 2 })),
  named('000000000000000a', 'a'),
  named('000000000000000b', 'b'),
  rows('sample', 50, row('sample', 50, { host_id: 11, connection_id: 3 })),
  end({ sample: { rows: 3 } }),
]);

export function fileOf(...bytes: Uint8Array[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'made.tcplens');
  writeFileSync(file, Buffer.concat(bytes));
  return file;
}
