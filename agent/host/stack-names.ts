// Names the functions of stacks, in the places of a row where the kernel put their addresses.
import { HEAD_AT, KINDS, STACK_AT } from '../../bpf/rows/rows.gen.ts';
import type { KernelSymbols } from './kernel-symbols.ts';
import type { UserSymbols } from './user-symbols.ts';

const { size, columns } = KINDS.stack;
const STACK_BYTES = columns.find(({ name }) => name === 'stack')?.size ?? 0;
const ADDRESS_BYTES = 8;
const SPACE = 0x20;
/** Functions between an event and the BPF program that is attached to it: they say nothing of the event. */
const TO_PROGRAM = /^(bpf_trace_run\d+|__bpf_trace_.*|__traceiter_.*)$/;
/** Functions by which an interrupt enters the kernel, at a moment that the process did not choose. */
const INTERRUPT = /^(asm_common_interrupt|asm_sysvec_.*|el[01][th]_64_irq|el[01]_irq)$/;

const latin1 = new TextDecoder('latin1');

type Kernel = Pick<KernelSymbols, 'nameOf'>;
type Processes = Pick<UserSymbols, 'namesOf'>;

/**
 * Replaces the addresses by the names of their functions, the innermost first, with a space between; a name that does not fit any more is
 * left out with all behind it. Without names a stack is empty, and that of a process also where an interrupt led to the event.
 */
export function nameStacks(rows: Uint8Array, kernel: Kernel, processes: Processes): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  for (let at = 0; at < rows.length; at += size) {
    const names = namesOf(addressesAt(view, at + STACK_AT.stack), kernel);
    write(rows.subarray(at + STACK_AT.stack), names);
    const user = addressesAt(view, at + STACK_AT.user_stack);
    if (user.length === 0) continue;
    const isCalled = !names.some((name) => INTERRUPT.test(latin1.decode(name)));
    const [pid, time_ms] = [view.getUint32(at + HEAD_AT.pid, true), Number(view.getBigInt64(at + HEAD_AT.time_ns, true) / 1_000_000n)];
    const called = isCalled ? processes.namesOf(pid, time_ms, user) : [];
    write(
      rows.subarray(at + STACK_AT.user_stack),
      called.map((name) => Buffer.from(name, 'latin1')),
    );
  }
}

function write(place: Uint8Array, names: readonly Uint8Array[]): void {
  const stack = place.subarray(0, STACK_BYTES).fill(0);
  let used = 0;
  for (const name of names) {
    const separator = used > 0 ? 1 : 0;
    if (used + separator + name.length > stack.length) break;
    if (separator > 0) stack[used] = SPACE;
    stack.set(name, used + separator);
    used += separator + name.length;
  }
}

function addressesAt(view: DataView, at: number): bigint[] {
  const addresses: bigint[] = [];
  for (let each = at; each < at + STACK_BYTES; each += ADDRESS_BYTES) {
    const address = view.getBigUint64(each, true);
    if (address === 0n) break;
    addresses.push(address);
  }
  return addresses;
}

/** Leaves out the BPF program, and the functions that called it. */
function namesOf(addresses: readonly bigint[], symbols: Kernel): Uint8Array[] {
  const names = addresses.map((address) => trimmed(symbols.nameOf(address)));
  const isBetween = names.map((name) => TO_PROGRAM.test(latin1.decode(name)));
  const from = isBetween.indexOf(true);
  const to = isBetween.indexOf(false, from);
  return names.slice(from < 0 ? 0 : to < 0 ? names.length : to).filter(({ length }) => length > 0);
}

const trimmed = (name: Uint8Array): Uint8Array => (name.includes(0) ? name.subarray(0, name.indexOf(0)) : name);
