// Replaces addresses, so that a recording can be given away. Two addresses with n common leading bits get two with exactly n, so subnets stay
// subnets (prefix-preserving, as Crypto-PAn); without the key the mapping cannot be undone. The use of an address stays visible: private,
// loopback, link-local and multicast ranges are mapped into themselves.
import { type Cipheriv, createCipheriv, createHash } from 'node:crypto';
import { type Column, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';

const BITS = 128;
/** Most addresses in the cache; others are computed again. */
const KNOWN_MAX = 65_536;

/** Ranges that are mapped into themselves: the first `length` bits of an address as in rows, where IPv4 is ::ffff/96. */
const KEPT: readonly { address: Buffer; length: number }[] = (
  [
    ['00000000000000000000000000000000', 128], // ::
    ['00000000000000000000000000000001', 128], // ::1
    ['00000000000000000000ffff00000000', 96], // IPv4
    ['00000000000000000000ffff00000000', 128], // 0.0.0.0
    ['00000000000000000000ffff0a000000', 104], // 10.0.0.0/8
    ['00000000000000000000ffff64400000', 106], // 100.64.0.0/10, carrier-grade NAT
    ['00000000000000000000ffff7f000001', 128], // 127.0.0.1
    ['00000000000000000000ffffa9fe0000', 112], // 169.254.0.0/16
    ['00000000000000000000ffffac100000', 108], // 172.16.0.0/12
    ['00000000000000000000ffffc0a80000', 112], // 192.168.0.0/16
    ['00000000000000000000ffffe0000000', 100], // 224.0.0.0/4, multicast
    ['fc000000000000000000000000000000', 7], // unique local
    ['fe800000000000000000000000000000', 10], // link-local
    ['ff000000000000000000000000000000', 8], // multicast
  ] as const
).map(([hex, length]) => ({ address: Buffer.from(hex, 'hex'), length }));

/** Columns that would reveal addresses of the kernel's memory (KASLR). */
const CLEARED: Partial<Record<Kind, readonly string[]>> = { drop: ['address'] };

const bitAt = (bytes: Uint8Array, bit: number): number => ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;

export class Anonymizer {
  readonly #cipher: Cipheriv;
  readonly #known = new Map<string, Uint8Array>();

  /** The same secret gives the same addresses, so that recordings of several hosts fit together. */
  constructor(secret: Uint8Array) {
    const key = createHash('sha256').update('tcplens addresses').update(secret).digest();
    this.#cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  }

  /** Replaces every address in whole rows of one kind, in place. */
  replace(kind: Kind, rows: Uint8Array): void {
    const columns: readonly Column[] = KINDS[kind].columns;
    const addresses = columns.filter(({ type }) => type === 'IPv6');
    const cleared = columns.filter(({ name }) => CLEARED[kind]?.includes(name));
    for (let row = 0; row < rows.length; row += KINDS[kind].size) {
      for (const { offset } of addresses) rows.set(this.address(rows.subarray(row + offset, row + offset + BITS / 8)), row + offset);
      for (const { offset, size } of cleared) rows.fill(0, row + offset, row + offset + size);
    }
  }

  /** The replacement of an address; both have 16 bytes. */
  address(real: Uint8Array): Uint8Array {
    const key = Buffer.from(real).toString('latin1');
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    const other = this.#otherOf(real);
    this.#known.set(key, other);
    return other;
  }

  /** Whether a bit is flipped depends only on the bits before it, which preserves common prefixes. */
  #otherOf(real: Uint8Array): Uint8Array {
    const flips = this.#cipher.update(prefixes(real));
    const kept = KEPT.map(({ address, length }) => ({ length, shared: sharedBits(address, real) }));
    const other = Uint8Array.from(real);
    for (let bit = 0; bit < BITS; bit++) {
      // If one value of the next bit leads to a kept range, the bit is not flipped, so that the range is mapped into itself.
      const onTheWay = kept.some(({ length, shared }) => bit < length && bit <= shared);
      if (!onTheWay && bitAt(flips, bit * BITS) === 1) other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    }
    return other;
  }
}

/** One cipher block for each bit: the bits before it, a one, then zeros. */
function prefixes(address: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(BITS * 16);
  for (let bit = 0; bit < BITS; bit++) {
    const block = blocks.subarray(bit * 16, bit * 16 + 16);
    const byte = bit >> 3;
    const mask = 0x80 >> (bit & 7);
    block.set(address.subarray(0, byte + 1));
    block[byte] = ((block[byte] ?? 0) & ~(mask * 2 - 1)) | mask;
  }
  return blocks;
}

function sharedBits(one: Uint8Array, other: Uint8Array): number {
  let bit = 0;
  while (bit < BITS && bitAt(one, bit) === bitAt(other, bit)) bit++;
  return bit;
}
