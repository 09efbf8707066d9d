// Where the programs attach: each object by itself, and where the kernel refuses one, each hook by itself.
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { type HookName, STAND_INS } from './contract/settings.ts';
import type { KernelTypes } from './host/kernel-btf.ts';
import { call } from './loader-library.ts';
import { openObject } from './loader-object.ts';
import { parseReasons, type Report, textOf } from './loader-values.ts';
import { CannotRunError } from './process/errors.ts';
import type { Hook } from './source/row-source.ts';

const REASONS_BYTES = 16 * 1024;

/** Of each object its programs, in the order in which they are loaded. Iterators have their object's name or begin with it, all others have that of their tracepoint. */
const OBJECTS: readonly { object: string; programs: readonly HookName[] }[] = [
  { object: 'sample', programs: ['sample'] },
  { object: 'sample', programs: ['sample_netns'] },
  { object: 'connection', programs: ['inet_sock_set_state', 'tcp_destroy_sock', 'inet_sk_error_report'] },
  { object: 'retransmit', programs: ['tcp_retransmit_skb', 'tcp_retransmit_synack'] },
  { object: 'reset', programs: ['tcp_send_reset', 'tcp_receive_reset'] },
  { object: 'congestion', programs: ['tcp_cong_state_set'] },
  { object: 'drop', programs: ['kfree_skb'] },
  { object: 'preexisting', programs: ['preexisting'] },
  { object: 'progress', programs: ['tcp_probe'] },
  { object: 'packets', programs: ['net_dev_start_xmit', 'netif_receive_skb'] },
  { object: 'windows', programs: ['net_dev_queue'] },
  { object: 'owner', programs: ['owner', 'task_rename'] },
  { object: 'netns', programs: ['netns'] },
  { object: 'io', programs: ['sock_send_length', 'sock_recv_length'] },
  { object: 'io', programs: ['tcp_rcv_space_adjust'] },
];

/** What only some kernels tell: a tracepoint with so many arguments. The programs count them too (kernel_fixes.h). */
const FIELDS = [
  { field: 'retransmit_err', tracepoint: 'tcp_retransmit_skb', since: 'Linux 6.17', count: 3 },
  { field: 'reset_reason', tracepoint: 'tcp_send_reset', since: 'Linux 6.10', count: 3 },
  { field: 'drop_reason', tracepoint: 'kfree_skb', since: 'Linux 5.17', count: 3 },
  { field: 'drop_receiver', tracepoint: 'kfree_skb', since: 'Linux 6.11', count: 4 },
] as const;
const COUNTED = { retransmit_arguments: 'tcp_retransmit_skb', send_reset_arguments: 'tcp_send_reset', drop_arguments: 'kfree_skb' };

export type HookOptions = {
  /** the folder with *.bpf.o */
  prebuilt: string;
  host_id: bigint;
  ring_bytes: number;
  /** hooks not to try */
  refuse: readonly string[];
  /** write open rows only in sweeps; where none can be made, at once all the same */
  opens_by_sweep?: boolean;
};

/** Attaches what the kernel allows, and says of the rest why not. */
export function attachHooks(options: HookOptions, kernel: KernelTypes | undefined): Report {
  const counted = Object.entries(COUNTED).map(([name, tracepoint]) => [name, BigInt(kernel?.argumentsOf(tracepoint) ?? 0)] as const);
  const loading = new Loading(options, new Map([['host_id', options.host_id], ...counted]));
  for (const { object, programs } of OBJECTS) {
    if (programs.every((program) => loading.isAttached(workOf(program)))) continue;
    const sweeps = loading.isAttached('sample') || loading.isAttached('sample_netns');
    loading.constants.set('opens_by_sweep', options.opens_by_sweep === true && sweeps ? 1n : 0n);
    loading.load(
      object,
      programs.filter((program) => {
        if (options.refuse.includes(program)) return loading.refuse(program, 'refused by option');
        const is_absent = !program.startsWith(object) && kernel !== undefined && kernel.argumentsOf(program) === undefined;
        return is_absent ? loading.refuse(program, 'this kernel has no such tracepoint') : true;
      }),
    );
  }
  const fields = FIELDS.map(({ field, tracepoint, since, count }): Hook => {
    const attached = (kernel?.argumentsOf(tracepoint) ?? 0) >= count;
    return { name: field, attached, reason: attached ? '' : `${tracepoint} has it since ${since}` };
  });
  return { hooks: loading.hooks(), fields };
}

/** The hook whose work a stand-in does; for any other hook its own name. */
function workOf(program: HookName): string {
  return Object.entries(STAND_INS).find(([, stand_in]) => stand_in === program)?.[0] ?? program;
}

class Loading {
  readonly #options: HookOptions;
  /** Constants that the programs must have before the verifier reads them, by name. */
  readonly constants: Map<string, bigint>;
  /** By program, why it is not attached; empty where it is. */
  readonly #reasons = new Map<string, string>();

  constructor(options: HookOptions, constants: Map<string, bigint>) {
    this.#options = options;
    this.constants = constants;
  }

  isAttached(program: string): boolean {
    return this.#reasons.get(program) === '';
  }

  refuse(program: string, reason: string): false {
    this.#reasons.set(program, reason);
    return false;
  }

  /** One refused program refuses its whole object: then they are tried one by one. */
  load(object: string, programs: readonly string[]): void {
    if (programs.length === 0) return;
    const bytes = openObject(join(this.#options.prebuilt, `${object}.bpf.o`));
    if (typeof bytes === 'string') {
      for (const program of programs) this.refuse(program, `open: ${bytes}`);
      return;
    }
    if (this.#attach(object, bytes, programs) < 0 && programs.length > 1)
      for (const program of programs) this.#attach(object, bytes, [program]);
  }

  hooks(): Hook[] {
    return OBJECTS.flatMap(({ programs }) => programs).flatMap((name) => {
      const reason = this.#reasons.get(name);
      return reason === undefined ? [] : [{ name, attached: reason === '', reason }];
    });
  }

  #attach(object: string, bytes: Uint8Array, programs: readonly string[]): number {
    const { ring_bytes } = this.#options;
    const reasons = Buffer.alloc(REASONS_BYTES);
    const values = Array.from(this.constants, ([name, value]) => `${name}=${value.toString(16)}`).join();
    const result = call('loader__load', bytes, bytes.length, object, programs.join(), values, ring_bytes, reasons, reasons.length);
    if (result === -constants.errno.EBUSY)
      throw new CannotRunError('loader_open', 'the kernel side is open in this process already: EBUSY');
    const why = parseReasons(textOf(reasons));
    const of_all = result < 0 ? (why.get('') ?? `open: ${getSystemErrorName(result)}`) : '';
    for (const program of programs) this.#reasons.set(program, why.get(program) ?? of_all);
    return result;
  }
}
