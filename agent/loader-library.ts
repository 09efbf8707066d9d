// The only importer of ffi-rs: typed calls into libtcplens.so, whose ABI is bpf/loader/loader.h.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DataType, load, open } from 'ffi-rs';
import { openObject } from './loader-object.ts';
import { CannotRunError } from './process/errors.ts';

const { I32, String: Text, U8Array: Bytes } = DataType;

/** Parameters of every function; each returns an int, negative for -errno. */
const PARAMETERS = {
  loader__load: [Bytes, I32, Text, Text, Text, I32, Bytes, I32],
  loader__start: [],
  loader__drain: [I32, Bytes, I32],
  loader__tally: [Bytes, I32],
  loader__tallied: [I32, Bytes, I32],
  loader__count: [I32],
  loader__sweep: [Text, I32, Bytes, I32],
  loader__meet: [Text],
  loader__sweeping: [Bytes, I32],
  loader__misses: [Bytes, I32],
  loader__walk: [Bytes, I32],
  loader__namespaces: [Bytes, I32],
  loader__map: [Text, Bytes, Bytes, I32],
  loader__filter: [I32, Bytes, I32, I32, I32, I32],
  loader__filter_clear: [I32],
  loader__filter_mode: [I32],
  loader__filter_scope: [],
  loader__detail: [I32, I32],
  loader__user_stacks: [I32],
  loader__filter_counters: [I32, Bytes, I32],
  loader__budget: [I32, I32, I32],
  loader__waker: [],
  loader__suffices: [Text],
  loader__restrict: [Text],
  loader__close: [],
} as const;

type Calls = typeof PARAMETERS;
type ValueOf = { [I32]: number; [Text]: string; [Bytes]: Uint8Array };
/** The values that a function is called with, by its parameters. */
type ValuesOf<Parameters extends readonly (keyof ValueOf)[]> = { -readonly [At in keyof Parameters]: ValueOf[Parameters[At]] };

export function call<Name extends keyof Calls>(funcName: Name, ...paramsValue: ValuesOf<Calls[Name]>): number {
  return load({ library: 'tcplens', funcName, retType: I32, paramsType: [...PARAMETERS[funcName]], paramsValue });
}

/** @throws CannotRunError where this machine has no such library, or not what it needs */
export function openLibrary(prebuilt: string): void {
  const path = join(prebuilt, `linux-${process.arch}`, 'libtcplens.so');
  if (!existsSync(path)) {
    const machine = `${process.platform}-${process.arch}`;
    throw new CannotRunError('no_loader', `there is no loader for ${machine} in ${prebuilt}: tcplens runs on Linux x64 and arm64`);
  }
  // The dynamic linker runs code of a file without checking it, so this is checked before.
  const sealed = openObject(path);
  if (typeof sealed === 'string') {
    const message = `the loader cannot be used: ${sealed}. Install tcplens again, or run make bpf where it was built`;
    throw new CannotRunError('loader_unusable', message);
  }
  try {
    open({ library: 'tcplens', path });
  } catch (cause) {
    throw new CannotRunError('no_libbpf', `${path} does not load: is libbpf 1.x there? On Debian: apt-get install libbpf1`, { cause });
  }
}
