// Names the functions of a kernel stack, in the place of a row where the kernel put their addresses.
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import type { KernelSymbols } from './kernel-symbols.ts';

const { size, columns } = KINDS.stack;
const STACK = columns.find(({ name }) => name === 'stack') ?? { offset: 0, size: 0 };
const ADDRESS_BYTES = 8;
const SPACE = 0x20;
/** What lies between an event and a program that is attached to it: it says nothing of the event. */
const TO_PROGRAM = /^(bpf_trace_run\d+|__bpf_trace_.*|__traceiter_.*)$/;

const latin1 = new TextDecoder('latin1');

/**
 * Replaces the addresses by the names of their functions, the innermost first, with a space between; a name that does not fit any more is
 * left out with all behind it. Without names the stack is empty.
 */
export function nameStacks(rows: Uint8Array, symbols: Pick<KernelSymbols, 'nameOf'>): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  for (let at = STACK.offset; at < rows.length; at += size) {
    const names = namesOf(addressesAt(view, at), symbols);
    const stack = rows.subarray(at, at + STACK.size).fill(0);
    let used = 0;
    for (const name of names) {
      const separator = used > 0 ? 1 : 0;
      if (used + separator + name.length > stack.length) break;
      if (separator > 0) stack[used] = SPACE;
      stack.set(name, used + separator);
      used += separator + name.length;
    }
  }
}

function addressesAt(view: DataView, at: number): bigint[] {
  const addresses: bigint[] = [];
  for (let each = at; each < at + STACK.size; each += ADDRESS_BYTES) {
    const address = view.getBigUint64(each, true);
    if (address === 0n) break;
    addresses.push(address);
  }
  return addresses;
}

/** Without the program that looked, and what called it. */
function namesOf(addresses: readonly bigint[], symbols: Pick<KernelSymbols, 'nameOf'>): Uint8Array[] {
  const names = addresses.map((address) => trimmed(symbols.nameOf(address)));
  const isBetween = names.map((name) => TO_PROGRAM.test(latin1.decode(name)));
  const from = isBetween.indexOf(true);
  const to = isBetween.indexOf(false, from);
  return names.slice(from < 0 ? 0 : to < 0 ? names.length : to).filter(({ length }) => length > 0);
}

const trimmed = (name: Uint8Array): Uint8Array => (name.includes(0) ? name.subarray(0, name.indexOf(0)) : name);
