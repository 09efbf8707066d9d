// Names for the numbers in rows, from the running kernel's own tables: reasons from its types, since they are numbered anew with
// every kernel, and places in the code from its symbols.
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { KernelTypes } from './kernel-btf.ts';
import { KernelSymbols } from './kernel-symbols.ts';
import { nameStacks } from './stack-names.ts';
import { UserSymbols } from './user-symbols.ts';

const NAME_BYTES = 32;
/** Larger numbers are reasons of modules, and the mask that tells these apart. */
const REASONS_MAX = 512;

export type NamedKind = 'reset' | 'drop';
/** Number of a reason by its name, as in rows. */
export type ReasonNames = Record<NamedKind, ReadonlyMap<string, number>>;

const ENUMERATIONS = {
  reset: { enumeration: 'sk_rst_reason', prefix: 'SK_RST_REASON_' },
  drop: { enumeration: 'skb_drop_reason', prefix: 'SKB_DROP_REASON_' },
} as const satisfies Record<NamedKind, object>;

const offsetOf = (kind: Kind, member: string) => KINDS[kind].columns.find(({ name }) => name === member)?.offset ?? 0;
const AT = {
  reset: { reason: offsetOf('reset', 'reason'), code: offsetOf('reset', 'reason_code') },
  drop: { reason: offsetOf('drop', 'reason'), code: offsetOf('drop', 'reason_code') },
  stack: { reason: offsetOf('stack', 'about_reason'), code: offsetOf('stack', 'about_reason_code') },
};
const ABOUT_AT = offsetOf('stack', 'about');
const PLACE_AT = { location: offsetOf('drop', 'location'), address: offsetOf('drop', 'address') };

/** "SKB_DROP_REASON_NETFILTER_DROP" becomes "netfilter_drop". */
function reasonsOf(kernel: KernelTypes | undefined, kind: NamedKind): string[] {
  const { enumeration, prefix } = ENUMERATIONS[kind];
  const names: string[] = [];
  for (const [code, name] of kernel?.namesOf(enumeration) ?? []) {
    if (code >= 0 && code < REASONS_MAX) names[code] = name.replace(prefix, '').toLowerCase().slice(0, NAME_BYTES);
  }
  return names;
}

export class RowNames {
  readonly #reasons: Record<NamedKind, readonly string[]>;
  readonly #bytes: Record<NamedKind, readonly Uint8Array[]>;
  readonly #symbols = new KernelSymbols();
  readonly #processes = new UserSymbols();

  constructor(kernel: KernelTypes | undefined) {
    this.#reasons = { reset: reasonsOf(kernel, 'reset'), drop: reasonsOf(kernel, 'drop') };
    const bytesOf = (names: readonly string[]) => names.map((name) => Buffer.from(name, 'latin1'));
    this.#bytes = { reset: bytesOf(this.#reasons.reset), drop: bytesOf(this.#reasons.drop) };
  }

  /** Fills the names of whole rows in; kinds that have none stay as they are. */
  fill(kind: Kind, rows: Uint8Array): void {
    if (kind === 'stack') nameStacks(rows, this.#symbols, this.#processes);
    if (kind !== 'reset' && kind !== 'drop' && kind !== 'stack') return;
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += KINDS[kind].size) {
      const code = view.getUint32(at + AT[kind].code, true);
      const about = kind === 'stack' ? KIND[view.getUint8(at + ABOUT_AT)] : kind;
      const reason = code > 0 && (about === 'reset' || about === 'drop') ? this.#bytes[about][code] : undefined;
      if (reason !== undefined) rows.set(reason, at + AT[kind].reason);
      if (kind === 'drop') rows.set(this.#symbols.nameOf(view.getBigUint64(at + PLACE_AT.address, true)), at + PLACE_AT.location);
    }
  }

  /** Empty where this kernel has no such reason. */
  reasonOf(kind: Kind, code: number): string {
    return (kind === 'reset' || kind === 'drop') && code > 0 ? (this.#reasons[kind][code] ?? '') : '';
  }

  /** The reasons that a filter may name. */
  reasons(): ReasonNames {
    const numbers = (names: readonly string[]) =>
      new Map(Array.from(names.entries()).flatMap(([code, name]) => (name ? [[name, code]] : [])));
    return { reset: numbers(this.#reasons.reset), drop: numbers(this.#reasons.drop) };
  }

  close(): void {
    this.#symbols.close();
  }
}
