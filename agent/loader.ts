// The only importer of ffi-rs: typed calls into libtcplens.so, whose ABI is bpf/loader.h.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { getSystemErrorName } from 'node:util';
import { DataType, load, open } from 'ffi-rs';
import { COUNTERS, KIND, KINDS, type Kind, type KindCounters } from '../bpf/rows.gen.ts';
import { AgentError, CannotRunError } from './errors.ts';
import type { Hook } from './source.ts';

const REPORT_BYTES = 16 * 1024;
const { I32, String: Text, U8Array: Bytes } = DataType;

/** Parameters of every function; each returns an int, negative for -errno. */
const PARAMETERS = {
  loader__row_size: [I32],
  loader__open: [Text, Text, I32, Text, Bytes, I32],
  loader__drain: [I32, Bytes, I32],
  loader__sweep: [Text, Bytes, I32],
  loader__counters: [Bytes, I32],
  loader__close: [],
} as const;

function call(funcName: keyof typeof PARAMETERS, ...paramsValue: unknown[]): number {
  const paramsType = [...PARAMETERS[funcName]];
  return load({ library: 'tcplens', funcName, retType: I32, paramsType, paramsValue });
}

export type LoaderOptions = {
  /** the folder with *.bpf.o and linux-ARCH/libtcplens.so */
  prebuilt: string;
  host_id: bigint;
  /** size of each kind's ring: a power of two, at least a page */
  ring_bytes: number;
  /** names of hooks not to try */
  refuse: readonly string[];
};

/** What the kernel side can do, once it is open. One a process. */
export type Loader = ReturnType<typeof openLoader>;

function openLibrary(prebuilt: string): void {
  const path = join(prebuilt, `linux-${process.arch}`, 'libtcplens.so');
  if (!existsSync(path)) {
    const machine = `${process.platform}-${process.arch}`;
    throw new CannotRunError('no_loader', `there is no loader for ${machine} in ${prebuilt}: tcplens runs on Linux x64 and arm64`);
  }
  try {
    open({ library: 'tcplens', path });
  } catch (cause) {
    throw new CannotRunError('no_libbpf', `${path} does not load: is libbpf 1.x there? On Debian: apt-get install libbpf1`, cause);
  }
}

/** The other half of the assertions in rows.h: what this library writes is what rows.gen.ts reads. */
function checkRowSizes(): void {
  for (const kind of KIND) {
    const size = call('loader__row_size', KINDS[kind].index);
    if (size === KINDS[kind].size) continue;
    const message = `the loader's ${kind} row has ${size} bytes, rows.gen.ts says ${KINDS[kind].size}: run make gen bpf`;
    throw new CannotRunError('row_size', message);
  }
}

function parseReport(report: Buffer): Hook[] {
  const text = report.toString('utf8', 0, Math.max(report.indexOf(0), 0));
  return text.split('\n').flatMap((line) => {
    const [name, attached, reason = ''] = line.split('\t');
    return name ? [{ name, attached: attached === '1', reason }] : [];
  });
}

function attach({ prebuilt, host_id, ring_bytes, refuse }: LoaderOptions): Hook[] {
  const report = Buffer.alloc(REPORT_BYTES);
  const hex = host_id.toString(16).padStart(16, '0');
  const attached = call('loader__open', prebuilt, hex, ring_bytes, refuse.join(','), report, report.length);
  const hooks = parseReport(report);
  if (attached < 0) throw new CannotRunError('loader_open', `the kernel side does not open: ${getSystemErrorName(attached)}`);
  if (attached === 0) {
    const reasons = hooks.map(({ name, reason }) => `  ${name}: ${reason}`).join('\n');
    throw new CannotRunError('no_hook', `this kernel refused every hook:\n${reasons}\nRun tcplens check for what is missing.`);
  }
  return hooks;
}

function readCounters(bytes: Buffer): Record<Kind, KindCounters> {
  const of = (index: number) =>
    Object.fromEntries(COUNTERS.map((counter, at) => [counter, Number(bytes.readBigUInt64LE((index * COUNTERS.length + at) * 8))]));
  return Object.fromEntries(KIND.map((kind, index) => [kind, of(index)])) as Record<Kind, KindCounters>;
}

/**
 * Loads and attaches everything that the kernel allows.
 * @throws CannotRunError when the library cannot be used here, its rows are not ours, or no hook is left.
 */
export function openLoader(options: LoaderOptions) {
  openLibrary(options.prebuilt);
  checkRowSizes();
  const hooks = attach(options);
  const identity = Buffer.alloc(16);
  const counters = Buffer.alloc(KIND.length * COUNTERS.length * 8);
  return {
    hooks,

    /**
     * Whole rows of one kind into `into`; returns bytes, 0 when nothing waits.
     * @throws AgentError when the ring holds what is no row of this kind
     */
    drain(kind: Kind, into: Uint8Array): number {
      const bytes = call('loader__drain', KINDS[kind].index, into, into.byteLength);
      if (bytes < 0) throw new AgentError('drain', `draining ${kind} rows failed: ${getSystemErrorName(bytes)}`);
      return bytes;
    },

    /** Opens the sweep of one namespace. Undefined where it is gone or may not be entered. */
    sweep(netnsPath: string): { cookie: bigint; inode: number } | undefined {
      if (call('loader__sweep', netnsPath, identity, identity.length) < 0) return undefined;
      return { cookie: identity.readBigUInt64LE(0), inode: Number(identity.readBigUInt64LE(8)) };
    },

    counters(): Record<Kind, KindCounters> {
      call('loader__counters', counters, counters.length);
      return readCounters(counters);
    },

    close(): void {
      call('loader__close');
    },
  };
}
