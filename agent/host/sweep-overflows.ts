// Which listener turned connections away because its accept queue was full. The kernel counts that for the whole network
// namespace (ListenOverflows); a listener has only sk_drops, which counts every packet that it dropped for whatever reason, and the
// last ACK of a handshake twice. A program sees the last ACKs that met a full queue; a SYN that met one is dropped without any event.
//
// So the namespace's count is shared out: to the last ACKs first, then to listeners with drops that nothing else explains and whose
// queue was full, or that are the only one with such drops. No listener gets more than its own drops, all together never more than
// the namespace counted; what cannot be told stays with the namespace alone. Counter and drops are not read at the same moment:
// what is unexplained is looked at once more after the next sweep. A listener that has closed is in no later sweep: the drops of its full
// queue are taken for overflows at once, and the counter, which is read later, makes up for them.
import { type Column, HEAD_AT, KINDS, STATE } from '../../bpf/rows/rows.gen.ts';

const { size: ROW_BYTES } = KINDS.listener;
const columns: readonly Column[] = KINDS.listener.columns;
const offsetOf = (member: string) => columns.find(({ name }) => name === member)?.offset ?? 0;
const AT = {
  accept_queue: offsetOf('accept_queue'),
  accept_queue_limit: offsetOf('accept_queue_limit'),
  overflows: offsetOf('overflows'),
  drops: offsetOf('drops'),
};

type Space = {
  /** overflows that no listener has got yet; below 0: seen before the counter was read */
  unclaimed: number;
  /** listeners with unexplained drops, in the last sweep and in this one */
  suspects: number;
  suspects_now: number;
};

type Suspect = {
  sweep: number;
  /** drops of that sweep */
  unexplained: number;
  was_full: boolean;
};

/** Shares a namespace's ListenOverflows out to its listeners: begun with every round, told what each namespace has counted. */
export class ListenerOverflows {
  readonly #spaces = new Map<bigint, Space>();
  readonly #suspects = new Map<bigint, Suspect>();
  #sweep = 0;

  /** A new sweep: the last one's suspects are looked at once more, older ones are forgotten. */
  begin(): void {
    for (const [listener, { sweep }] of this.#suspects) if (sweep !== this.#sweep) this.#suspects.delete(listener);
    for (const [netns, space] of this.#spaces) {
      space.suspects = space.suspects_now;
      space.suspects_now = 0;
      if (space.unclaimed === 0 && space.suspects === 0) this.#spaces.delete(netns);
    }
    this.#sweep++;
  }

  counted(netns: bigint, gain: number): void {
    if (gain !== 0) this.#spaceOf(netns).unclaimed += gain;
  }

  /** Completes `overflows` of whole rows, in which the program has put those that it saw. */
  complete(rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += ROW_BYTES) this.#completeRow(view, at);
  }

  #completeRow(view: DataView, at: number): void {
    const listener = view.getBigUint64(at + HEAD_AT.connection_id, true);
    const drops = view.getUint32(at + AT.drops, true);
    const suspect = this.#suspects.get(listener);
    if (suspect === undefined && drops === 0) return;
    const last_acks = view.getUint32(at + AT.overflows, true);
    const is_full = view.getUint32(at + AT.accept_queue, true) > view.getUint32(at + AT.accept_queue_limit, true) || last_acks > 0;
    const space = this.#spaceOf(view.getBigUint64(at + HEAD_AT.netns, true));
    space.unclaimed -= last_acks;
    const before = suspect !== undefined && suspect.sweep + 1 === this.#sweep ? suspect : { unexplained: 0, was_full: false };
    const unexplained = Math.max(0, drops - 2 * last_acks);
    const is_evident = is_full || (before.unexplained > 0 && (before.was_full || space.suspects === 1));
    const most = before.unexplained + unexplained;
    // A listener that has closed gets no second look: what its full queue dropped is claimed before the namespace's counter is read.
    const is_last = STATE[view.getUint8(at + HEAD_AT.state)] === 'close';
    const may_claim = is_last && is_full ? most : Math.min(most, space.unclaimed);
    const claimed = is_evident ? Math.max(0, may_claim) : 0;
    space.unclaimed -= claimed;
    view.setUint32(at + AT.overflows, last_acks + claimed, true);
    const left = Math.max(0, unexplained - Math.max(0, claimed - before.unexplained));
    this.#suspects.set(listener, { sweep: this.#sweep, unexplained: left, was_full: is_full });
    if (left > 0) space.suspects_now++;
  }

  #spaceOf(netns: bigint): Space {
    const space = this.#spaces.get(netns) ?? { unclaimed: 0, suspects: 0, suspects_now: 0 };
    this.#spaces.set(netns, space);
    return space;
  }
}
