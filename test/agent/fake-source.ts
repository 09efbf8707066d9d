// A source that gives the bytes it was handed: for tests of what comes after a source.
import { eachKind, noneCounted } from '../../agent/accounts/ledger.ts';
import type { RowSource } from '../../agent/source/row-source.ts';
import { KINDS, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';

export type FakeSource = RowSource & { counts: Record<Kind, KindCounters>; write(kind: Kind, rows: Uint8Array): void };

export function fakeSource(): FakeSource {
  const counts = eachKind(noneCounted);
  const rings = eachKind<Uint8Array[]>(() => []);
  return {
    host_id: 0xffn,
    host: { name: 'test', kernel: '6.0' },
    notices: [],
    waits: false,
    counts,
    write(kind, rows) {
      rings[kind].push(rows);
      counts[kind].written += rows.length / KINDS[kind].size;
    },
    drain(kind, into) {
      const rows = rings[kind].shift();
      if (rows === undefined) return 0;
      into.set(rows);
      return rows.length;
    },
    sweep: () => {},
    sweeping: () => false,
    counters: () => counts,
    hooks: () => [{ name: 'test', attached: true, reason: '' }],
    fields: () => [],
    netns: () => [],
    netns_refused: () => [],
    misses: () => new Map(),
    onceRows: (callback) => callback(),
    ended: () => false,
    close: () => {},
  };
}
