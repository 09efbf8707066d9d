// Values as they cross to the loader, and what it writes into the buffers that it is given (bpf/loader/loader.h).
import { FILTER_COUNTERS, type FilterCounters } from '../bpf/rows/rows.gen.ts';
import type { NetnsLook } from './host/sweep-counters.ts';
import type { Hook } from './source/row-source.ts';

/** `fields`: what only some kernels tell, in the form of hooks: `attached` says that this kernel does. */
export type Report = { hooks: Hook[]; fields: Hook[] };

/** What the loader has written into a buffer, ended by a zero. */
export function textOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, Math.max(bytes.indexOf(0), 0));
}

/** Lines "program\treason\n". */
export function parseReasons(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]));
}

/** Events that a hook's program missed, "hook\tcount\n". */
export function parseMisses(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').map((line) => line.split('\t'));
  return new Map(lines.flatMap(([name, count]) => (count ? [[name ?? '', Number(count)]] : [])));
}

/** Room for an element of each processor, for more processors than machines have. */
export const MAP_BYTES_MAX = 64 * 1024;
/** Members of a struct lifetimes, UInt64 each. */
export const LIFETIMES = ['begun', 'ended', 'unopened'] as const;

/** Adds structs up that lie one after the other, of UInt64 with these names. */
export function sumsOf<Name extends string>(structs: Buffer, names: readonly Name[]): Record<Name, number> {
  const sums = names.map(() => 0);
  for (let at = 0; at + 8 <= structs.length; at += 8) {
    const name = (at / 8) % names.length;
    sums[name] = (sums[name] ?? 0) + Number(structs.readBigUInt64LE(at));
  }
  return Object.fromEntries(names.map((name, at) => [name, sums[at]])) as Record<Name, number>;
}

/** `finished` sweeps came to their end; the last one met so many connections, in so many slices. */
export type Swept = { more: boolean; finished: number; alive: number; slices: number };
export const SWEPT_BYTES = 24;

export function readSwept(bytes: Buffer): Omit<Swept, 'more'> {
  return sumsOf(bytes, ['finished', 'alive', 'slices']);
}

export function readFilterCounters(bytes: Buffer): FilterCounters {
  const counts = FILTER_COUNTERS.map((counter, at) => [counter, Number(bytes.readBigUInt64LE(at * 8))]);
  return Object.fromEntries(counts) as FilterCounters;
}

/** sizeof(struct netns_look) */
const LOOK_BYTES = 40;
/** With the texts of the counters' files, which have some 10 KiB. */
export const LOOK_BYTES_MAX = 64 * 1024;

export function readLook(bytes: Buffer): NetnsLook {
  const [snmp = '', netstat = '', snmp6 = '', sockstat = '', port_range = ''] = bytes.toString('latin1', LOOK_BYTES).split('\0');
  return {
    cookie: bytes.readBigUInt64LE(0),
    inode: Number(bytes.readBigUInt64LE(8)),
    boot_ns: bytes.readBigUInt64LE(16),
    time_ns: bytes.readBigUInt64LE(24),
    attributed: Number(bytes.readBigUInt64LE(32)),
    files: { snmp, netstat, snmp6, sockstat, port_range },
  };
}
