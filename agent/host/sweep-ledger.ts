// The ledger of each network namespace: rows are compared with the kernel's own counters, which are taken as the truth. Segments in
// TcpRetransSegs that the programs did not see are `unattributed`.
import { HEAD_AT, KINDS } from '../../bpf/rows/rows.gen.ts';
import { at, COLUMNS, countersOf, type NetnsLook } from './sweep-counters.ts';

const { size: ROW_BYTES, columns, index: KIND_INDEX } = KINDS.namespace;
const INTERVAL_AT = columns.find(({ name }) => name === 'interval_us')?.offset ?? 0;
const NO_UID = 0xffff_ffff;
/** As many namespaces as one round enters. */
const WAITING_MAX = 4096;

/** What is remembered of a namespace. A cookie is never used again, an inode is. */
type Known = {
  round: number;
  /** TcpRetransSegs when it was first met, and what had been attributed by then */
  retrans_base: number;
  attributed_base: number;
  /** the most segments that were in no row at any look: it only grows */
  missing: number;
  /** of the last row; undefined before the first */
  boot_ns: bigint | undefined;
  /** as the kernel has it */
  total: readonly number[];
};

const RETRANS = at('retrans_segs');
const ATTRIBUTED = at('retrans_attributed');
const UNATTRIBUTED = at('unattributed');
const OVERFLOWS = at('listen_overflows');
const GAUGES: ReadonlySet<number> = new Set((['inuse', 'orphans', 'time_wait', 'curr_estab', 'mem_pages', 'port_range'] as const).map(at));

/** Rows of kind `namespace`: begun with every round, entered namespace by namespace, drained as other rows are. */
export class NamespaceLedger {
  readonly #host_id: bigint;
  readonly #known = new Map<bigint, Known>();
  #round = 0;
  #waiting: Uint8Array[] = [];
  written = 0;
  lost = 0;

  constructor(host_id: bigint) {
    this.#host_id = host_id;
  }

  /** Begins a round over all namespaces, and forgets those that the last one did not meet. */
  begin(): void {
    for (const [cookie, { round }] of this.#known) if (round !== this.#round) this.#known.delete(cookie);
    this.#round++;
  }

  /** Returns whether it is met for the first time, and by how much its ListenOverflows has grown. */
  enter(look: NetnsLook): { is_new: boolean; overflows: number } {
    const now = countersOf(look.files);
    now[ATTRIBUTED] = look.attributed;
    const found = this.#known.get(look.cookie);
    const known = found ?? this.#begun(now);
    known.round = this.#round;
    const gained = (member: number) => (now[member] ?? 0) - (known.total[member] ?? 0);
    const missing = (now[RETRANS] ?? 0) - known.retrans_base - (look.attributed - known.attributed_base);
    now[UNATTRIBUTED] = Math.max(0, missing - known.missing);
    known.missing = Math.max(missing, known.missing);
    const has_changed = now.some((value, member) => value !== known.total[member]);
    if (known.boot_ns === undefined || has_changed) {
      this.#report(look, known, now);
      known.boot_ns = look.boot_ns;
    }
    const overflows = gained(OVERFLOWS);
    now[UNATTRIBUTED] = 0; // the only counter that is a gain already, and no total
    known.total = now;
    this.#known.set(look.cookie, known);
    return { is_new: found === undefined, overflows };
  }

  /** Whole rows into `into`; returns bytes. */
  drain(into: Uint8Array): number {
    const rows = this.#waiting.splice(0, Math.floor(into.length / ROW_BYTES));
    for (const [number, row] of rows.entries()) into.set(row, number * ROW_BYTES);
    return rows.length * ROW_BYTES;
  }

  /** A namespace that is met in the first round may be older than the programs; one that comes later was seen from its beginning. */
  #begun(now: readonly number[]): Known {
    if (this.#round > 1) {
      return { round: 0, retrans_base: 0, attributed_base: 0, missing: 0, boot_ns: undefined, total: now.map(() => 0) };
    }
    const [retrans_base = 0, attributed_base = 0] = [now[RETRANS], now[ATTRIBUTED]];
    return { round: 0, retrans_base, attributed_base, missing: 0, boot_ns: undefined, total: [...now] };
  }

  #report({ cookie, boot_ns, time_ns }: NetnsLook, known: Known, now: readonly number[]): void {
    // Rows wait for the next drain, which follows the round.
    if (this.#waiting.length === WAITING_MAX) {
      this.lost++;
      return;
    }
    const row = new Uint8Array(ROW_BYTES);
    const view = new DataView(row.buffer);
    view.setBigUint64(HEAD_AT.time_ns, time_ns, true);
    view.setBigUint64(HEAD_AT.host_id, this.#host_id, true);
    view.setBigUint64(HEAD_AT.netns, cookie, true);
    view.setUint8(HEAD_AT.kind, KIND_INDEX);
    view.setUint32(HEAD_AT.uid, NO_UID, true);
    view.setBigUint64(INTERVAL_AT, known.boot_ns === undefined ? 0n : (boot_ns - known.boot_ns) / 1000n, true);
    for (const [member, { offset, size }] of COLUMNS.entries()) {
      const earlier = GAUGES.has(member) || member === UNATTRIBUTED ? 0 : (known.total[member] ?? 0);
      const value = (now[member] ?? 0) - earlier;
      if (size === 8) view.setBigUint64(offset, BigInt(value), true);
      else view.setUint32(offset, value, true);
    }
    this.#waiting.push(row);
    this.written++;
  }
}
