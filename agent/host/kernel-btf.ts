// What the running kernel says of its own types: the arguments of its tracepoints, and the names of its enumerations.
import { readFileSync } from 'node:fs';

const PATH = '/sys/kernel/btf/vmlinux';
const MAGIC = 0xeb9f;
const TRACEPOINT = Buffer.from('btf_trace_');

/** Kinds of types by number, as far as they are told apart here. */
const KIND = { pointer: 2, enumeration: 6, typedef: 8, prototype: 13 } as const;
const TYPE_BYTES = 12;
/** Bytes that follow the head of a type, by its kind: a fixed number, and a number for each of its members. */
const FOLLOWING: Readonly<Record<number, readonly [once: number, each: number]>> = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
};

export class KernelTypes {
  readonly #bytes: Buffer;
  readonly #strings_at: number;
  /** By number, where the type is; 0 is void. */
  readonly #types: number[] = [0];
  readonly #tracepoints = new Map<string, number>();
  readonly #enumerations: number[] = [];

  /** @throws Error where these are no types */
  constructor(bytes: Buffer) {
    if (bytes.readUInt16LE(0) !== MAGIC) throw new Error(`${PATH} has no BTF`);
    const header_bytes = bytes.readUInt32LE(4);
    const types_at = header_bytes + bytes.readUInt32LE(8);
    const types_end = types_at + bytes.readUInt32LE(12);
    this.#bytes = bytes;
    this.#strings_at = header_bytes + bytes.readUInt32LE(16);
    for (let at = types_at; at < types_end; ) {
      const kind = this.#kindAt(at);
      const name_at = this.#strings_at + bytes.readUInt32LE(at);
      if (kind === KIND.enumeration) this.#enumerations.push(at);
      if (kind === KIND.typedef && TRACEPOINT.equals(bytes.subarray(name_at, name_at + TRACEPOINT.length))) {
        this.#tracepoints.set(this.#nameAt(at).slice(TRACEPOINT.length), at);
      }
      this.#types.push(at);
      const [once, each] = FOLLOWING[kind] ?? [0, 0];
      at += TYPE_BYTES + once + each * this.#membersAt(at);
    }
  }

  /** A tracepoint's arguments, without the leading context pointer; undefined: there is no such tracepoint. */
  argumentsOf(tracepoint: string): number | undefined {
    const typedef = this.#tracepoints.get(tracepoint);
    const pointer = typedef && this.#types[this.#bytes.readUInt32LE(typedef + 8)];
    const prototype = pointer && this.#types[this.#bytes.readUInt32LE(pointer + 8)];
    return prototype && this.#kindAt(prototype) === KIND.prototype ? this.#membersAt(prototype) - 1 : undefined;
  }

  /** The names of an enumeration by their numbers; none where there is no such enumeration. */
  namesOf(enumeration: string): ReadonlyMap<number, string> {
    const at = this.#enumerations.find((each) => this.#nameAt(each) === enumeration);
    const members = at === undefined ? 0 : this.#membersAt(at);
    return new Map(
      Array.from({ length: members }, (_, member) => {
        const member_at = (at ?? 0) + TYPE_BYTES + member * 8;
        return [this.#bytes.readInt32LE(member_at + 4), this.#nameAt(member_at)];
      }),
    );
  }

  #kindAt(at: number): number {
    return (this.#bytes.readUInt32LE(at + 4) >>> 24) & 0x1f;
  }

  #membersAt(at: number): number {
    return this.#bytes.readUInt16LE(at + 4);
  }

  #nameAt(at: number): string {
    const from = this.#strings_at + this.#bytes.readUInt32LE(at);
    return this.#bytes.toString('latin1', from, this.#bytes.indexOf(0, from));
  }
}

/** The types of the running kernel; undefined where it does not tell them. */
export function readKernelTypes(): KernelTypes | undefined {
  try {
    return new KernelTypes(readFileSync(PATH));
  } catch {
    return undefined;
  }
}
