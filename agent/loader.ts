// The only importer of ffi-rs: typed calls into libtcplens.so, whose ABI is bpf/loader.h.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DataType, define, open } from 'ffi-rs';
import { COUNTERS, KIND, KINDS, type Kind, type KindCounters } from '../bpf/rows.gen.ts';
import { CannotRunError } from './errors.ts';
import type { Hook } from './source.ts';

const REPORT_BYTES = 16 * 1024;
const ERRNO: Record<number, string> = { 1: 'EPERM', 2: 'ENOENT', 3: 'ESRCH', 12: 'ENOMEM', 13: 'EACCES', 16: 'EBUSY', 22: 'EINVAL', 28: 'ENOSPC', 38: 'ENOSYS' };

const functions = {
  loader__row_size: { library: 'tcplens', retType: DataType.I32, paramsType: [DataType.I32] },
  loader__open: {
    library: 'tcplens',
    retType: DataType.I32,
    paramsType: [DataType.String, DataType.String, DataType.I32, DataType.String, DataType.U8Array, DataType.I32],
  },
  loader__drain: { library: 'tcplens', retType: DataType.I32, paramsType: [DataType.I32, DataType.U8Array, DataType.I32] },
  loader__sweep: { library: 'tcplens', retType: DataType.I32, paramsType: [DataType.String, DataType.U8Array, DataType.I32] },
  loader__counters: { library: 'tcplens', retType: DataType.I32, paramsType: [DataType.U8Array, DataType.I32] },
  loader__close: { library: 'tcplens', retType: DataType.I32, paramsType: [] },
};

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

function name(errno: number): string {
  return ERRNO[errno] ?? `errno ${errno}`;
}

function parseReport(report: Buffer): Hook[] {
  const text = report.toString('utf8', 0, Math.max(report.indexOf(0), 0));
  return text.split('\n').flatMap((line) => {
    const [hook, attached, reason = ''] = line.split('\t');
    return hook ? [{ name: hook, attached: attached === '1', reason }] : [];
  });
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
  const library = join(options.prebuilt, `linux-${process.arch}`, 'libtcplens.so');
  if (!existsSync(library)) {
    throw new CannotRunError('no_loader', `there is no loader for ${process.platform}-${process.arch} in ${options.prebuilt}; tcplens runs on Linux x64 and arm64`);
  }
  try {
    open({ library: 'tcplens', path: library });
  } catch (cause) {
    throw new CannotRunError('no_libbpf', `${library} does not load: is libbpf 1.x there? On Debian: apt-get install libbpf1`, cause);
  }
  const native = define(functions);
  for (const kind of KIND) {
    const size = native.loader__row_size([KINDS[kind].index]);
    if (size !== KINDS[kind].size) {
      throw new CannotRunError('row_size', `the loader's ${kind} row has ${size} bytes, rows.gen.ts says ${KINDS[kind].size}: run make gen bpf`);
    }
  }
  const report = Buffer.alloc(REPORT_BYTES);
  const hostId = options.host_id.toString(16).padStart(16, '0');
  const attached = native.loader__open([options.prebuilt, hostId, options.ring_bytes, options.refuse.join(','), report, report.length]);
  const hooks = parseReport(report);
  if (attached < 0) throw new CannotRunError('loader_open', `the kernel side does not open: ${name(-attached)}`);
  if (attached === 0) {
    const reasons = hooks.map((hook) => `  ${hook.name}: ${hook.reason}`).join('\n');
    throw new CannotRunError('no_hook', `this kernel refused every hook:\n${reasons}\nRun tcplens check for what is missing.`);
  }
  const identity = Buffer.alloc(16);
  const counterBytes = Buffer.alloc(KIND.length * COUNTERS.length * 8);
  return {
    hooks,

    /** Whole rows of one kind into `into`; returns bytes, 0 when nothing waits. */
    drain(kind: Kind, into: Uint8Array): number {
      const bytes = native.loader__drain([KINDS[kind].index, into as Buffer, into.byteLength]);
      if (bytes < 0) throw new Error(`drain of ${kind}: ${name(-bytes)}`);
      return bytes;
    },

    /** Opens the sweep of one namespace. Undefined where it is gone or may not be entered. */
    sweep(netnsPath: string): { cookie: bigint; inode: number } | undefined {
      if (native.loader__sweep([netnsPath, identity, identity.length]) < 0) return undefined;
      return { cookie: identity.readBigUInt64LE(0), inode: Number(identity.readBigUInt64LE(8)) };
    },

    counters(): Record<Kind, KindCounters> {
      native.loader__counters([counterBytes, counterBytes.length]);
      return readCounters(counterBytes);
    },

    close(): void {
      native.loader__close([]);
    },
  };
}
