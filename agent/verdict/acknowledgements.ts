// What the packets of one direction say that their sender has received (ACK, SACK), indexed by byte and time: there may be very many.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { placeFrom } from './in-order.ts';
import { ACK, reportedTwice, type Sighting, sackBlocks, saysHas } from './says.ts';
import { ahead } from './sequence.ts';
import { Unrolled } from './unrolled.ts';

export type Saying = Sighting<Rows['packet'] | Rows['progress']>;

/** Times of one end's clock: from the first on, before the second. */
export type Span = { from_ns: number; until_ns: number };

export class Acknowledgements<Said extends Saying = Saying> {
  readonly #all: readonly Said[];
  readonly #said = new Unrolled();
  /** those with SACK blocks, and where these begin */
  readonly #sacking: Said[] = [];
  readonly #begun = new Unrolled();
  readonly #twice: Said[] = [];
  /** whether any packet has SACK blocks or negotiates SACK: then its sender also reports duplicates (DSACK) */
  readonly uses_sack: boolean;

  /** @param all in the order of time */
  constructor(all: readonly Said[]) {
    this.#all = all;
    let permitted = false;
    let last = 0;
    for (const one of all) {
      const { row } = one;
      const blocks = sackBlocks(row);
      const has_ack = (row.tcp_flags & ACK) !== 0;
      if (has_ack) last = row.ack;
      this.#said.push(last, [...(has_ack ? [row.ack] : []), ...blocks.map(({ end }) => end)]);
      permitted ||= 'sack_permitted' in row && row.sack_permitted;
      if (blocks.length === 0) continue;
      this.#sacking.push(one);
      this.#begun.push(
        row.ack,
        blocks.map(({ seq }) => seq),
      );
      if (reportedTwice(row)) this.#twice.push(one);
    }
    this.uses_sack = permitted || this.#sacking.length > 0;
  }

  /** The first in this time that says that its sender has this byte. */
  firstThatHas(byte: number, span: Span): Said | undefined {
    return this.#first(byte, span, ({ row }) => saysHas(row, byte));
  }

  /** The first in this time that acknowledges this byte with all before it. */
  firstPast(byte: number, span: Span): Said | undefined {
    return this.#first(byte, span, ({ row }) => (row.tcp_flags & ACK) !== 0 && ahead(row.ack, byte) > 0);
  }

  #first(byte: number, { from_ns, until_ns }: Span, is_it: (one: Said) => boolean): Said | undefined {
    const from = placeFrom(this.#all, from_ns);
    const until = placeFrom(this.#all, until_ns);
    // No earlier packet can match: none before this place acknowledges or reports bytes so far ahead.
    const said = this.#said.placeAbove(this.#said.valueOf(byte, Number.isFinite(from_ns) ? from : until - 1));
    for (let at = Math.max(from, said); at < until; at++) {
      const one = this.#all[at];
      if (one && is_it(one)) return one;
    }
    return undefined;
  }

  /** The last before this time that reports later bytes, and not this one. */
  lastThatLacks(byte: number, before_ns: number): Said | undefined {
    let at = placeFrom(this.#sacking, before_ns) - 1;
    const value = this.#begun.valueOf(byte, at);
    for (; at >= 0 && this.#begun.highestAt(at) > value; at--) {
      const one = this.#sacking[at];
      if (one && lacks(one, byte)) return one;
    }
    return undefined;
  }

  /** Whether any in this time reports something that came twice. */
  reportsTwice({ from_ns, until_ns }: Span): boolean {
    return placeFrom(this.#twice, from_ns) < placeFrom(this.#twice, until_ns);
  }

  /** The last one's time; -Infinity: there is none. */
  get last_ns(): number {
    return this.#all.at(-1)?.at_ns ?? -Infinity;
  }
}

/** Whether the packet's sender has later bytes and not this one. */
function lacks({ row }: Saying, byte: number): boolean {
  const blocks = sackBlocks(row).filter(({ end }) => ahead(end, row.ack) > 0);
  return !saysHas(row, byte) && blocks.some(({ seq }) => ahead(seq, byte) > 0);
}
