// The kernel's rows while some traffic runs, kept in memory until it is known which network namespaces were its own:
// a recording that is committed holds nothing else of the machine it was made on.

import { performance } from 'node:perf_hooks';
import { eachKind, noneCounted } from '../../agent/accounts/ledger.ts';
import { readCgroup2Mount } from '../../agent/host/cgroups.ts';
import { Entities } from '../../agent/host/entities.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import type { RecordedNames } from '../../agent/recording/format.ts';
import { Intake } from '../../agent/recording/intake.ts';
import { RecordingWriter } from '../../agent/recording/write.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { drainAll } from '../support/drain-all.ts';

/** Room for what other programs on this machine may do meanwhile, too. */
const RING_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 50;
export const SWEEP_MS = 1000;

type Piece = { kind: Kind; rows: Buffer; at_ms: number };
export type Tape = {
  pieces: Piece[];
  names: RecordedNames;
  kernel: string;
  /** cookie of every namespace by its `ip netns` name */
  cookies: Map<string, bigint>;
};

/** Records while `traffic` runs; `look` sweeps and drains at once. Throws when the kernel lost a row. */
export async function tape(traffic: (look: () => void) => Promise<void>, kernel: string): Promise<Tape> {
  const source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES });
  const entities = new Entities(readCgroup2Mount());
  const tape: Tape = { pieces: [], names: { processes: [], cgroups: [], netns: [] }, kernel, cookies: new Map() };
  const drain = () => {
    drainAll(source, (kind, drained) => {
      const rows = Buffer.from(drained);
      entities.see(kind, rows);
      tape.pieces.push({ kind, rows, at_ms: performance.timeOrigin + performance.now() });
    });
    entities.look();
  };
  const look = () => {
    drain();
    source.sweep();
    drain();
    for (const { name, netns } of source.netns()) tape.cookies.set(name, BigInt(netns));
    const { processes, cgroups, netns } = entities.changes(source.netns());
    entities.acknowledge();
    tape.names.processes.push(...processes);
    tape.names.cgroups.push(...cgroups);
    tape.names.netns.push(...netns);
  };
  const timers = [setInterval(drain, DRAIN_MS), setInterval(look, SWEEP_MS)];
  try {
    look(); // a namespace that comes later is known from its beginning
    await traffic(look);
    look();
    const lost = KIND.filter((kind) => source.counters()[kind].ring_lost > 0);
    if (lost.length > 0) throw new Error(`the kernel lost rows: ${lost.join(', ')}`);
    return tape;
  } finally {
    for (const timer of timers) clearInterval(timer);
    source.close();
  }
}

/** Writes what concerns the namespaces in `called`, which has what to call each. `rename` is for command lines. */
export function writeTape(
  file: string,
  { pieces, names, kernel, cookies }: Tape,
  called: ReadonlyMap<string, string>,
  rename: (command: string) => string,
): void {
  const ours = new Map([...called].map(([name, title]) => [cookies.get(name) ?? 0n, title]));
  const kept = pieces.map(({ rows, ...piece }) => ({ ...piece, rows: pick(piece.kind, rows, ours) })).filter(({ rows }) => rows.length > 0);
  const began_ms = kept[0]?.at_ms ?? 0;
  const header = {
    tcplens: packageJson.version,
    kernel,
    started_ns: String(BigInt(Math.round(began_ms)) * 1_000_000n),
    interval_ms: SWEEP_MS,
    anonymized: false,
    refused: [],
    absent: [],
  };
  const writer = new RecordingWriter(file, { header, force: true });
  const intake = new Intake(writer);
  let offset_ms = 0;
  for (const { kind, rows, at_ms } of kept) {
    offset_ms = Math.max(offset_ms, Math.round(at_ms - began_ms));
    intake.take(kind, rows, offset_ms);
  }
  intake.takeNames(
    {
      processes: names.processes.map((process) => ({ ...process, command: rename(process.command) })),
      cgroups: names.cgroups,
      netns: names.netns.map((netns) => ({ ...netns, name: ours.get(BigInt(netns.netns)) ?? netns.name })),
    },
    offset_ms,
  );
  writer.end(
    eachKind((kind) => ({ ...noneCounted(), written: writer.rows[kind] })),
    offset_ms,
  );
}

function pick(kind: Kind, rows: Buffer, netns: ReadonlyMap<bigint, string>): Buffer {
  const { size } = KINDS[kind];
  const parts: Buffer[] = [];
  for (let at = 0; at < rows.length; at += size) {
    if (netns.has(rows.readBigUInt64LE(at + HEAD_AT.netns))) parts.push(rows.subarray(at, at + size));
  }
  return Buffer.concat(parts);
}
