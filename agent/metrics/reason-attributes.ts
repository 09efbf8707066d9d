import type { Attributes } from '@opentelemetry/api';
import type { Direction } from '../../bpf/rows.gen.ts';
import { IO_DIRECTION } from './metric-attributes.ts';

/** The kernel has some ninety reasons; a recording could hold any name. */
const REASONS_MAX = 200;
const OTHER = '_OTHER';

/** Which way, and why by the kernel's name: the same two give the same object. Beyond the bound, why is _OTHER. */
export class ReasonAttributes {
  readonly #known = new Map<string, Attributes>();
  readonly #key: string;

  /** `key`: the attribute that holds the reason */
  constructor(key: string) {
    this.#key = key;
  }

  read(direction: Direction, reason: string, extra: Attributes = {}): Attributes {
    const id = `${direction} ${reason} ${Object.values(extra)}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (this.#known.size >= REASONS_MAX && reason !== OTHER) return this.read(direction, OTHER, extra);
    const attributes = { ...IO_DIRECTION[direction], ...(reason === '' ? {} : { [this.#key]: reason.toLowerCase() }), ...extra };
    this.#known.set(id, attributes);
    return attributes;
  }
}
