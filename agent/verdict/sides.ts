// The two sides of a conversation, each with all that its own rows tell.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Account, accountsOf } from './account.ts';
import type { End } from './ends.ts';
import type { Joined } from './joined.ts';
import { type Pauses, pausesOf } from './pauses.ts';
import type { Seen } from './seen.ts';

export type Side = {
  end: End;
  account: Account;
  seen: Seen;
  /** undefined: its packets do not have rows, or not all */
  pauses: Pauses | undefined;
  samples: readonly Rows['sample'][];
  /** time in which it waited for what was lost, µs */
  repair_us: number;
  repairs: readonly (Rows['congestion'] | Rows['retransmit'])[];
};

/** One side is undefined where the other end is not watched, or not known among several. */
export type Talk = { client: Side | undefined; server: Side | undefined };

const idOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }) => `${host_id} ${connection_id}`;

/** One for each connection; undefined where neither end has an account of its time. */
export function* talksOf({ evidence, ends, peers, sightings }: Joined): Generator<Talk | undefined> {
  const accounts = accountsOf(evidence);
  const samples = Map.groupBy(evidence.sample, idOf);
  const repairs = Map.groupBy([...evidence.congestion, ...evidence.retransmit], idOf);
  const sideOf = (end: Readonly<End>): Side | undefined => {
    const account = accounts.get(idOf(end));
    if (!account || account.total_us <= 0) return undefined;
    const seen = sightings.at(end);
    const own = repairs.get(idOf(end)) ?? [];
    const counted = account.data_segs_out + account.data_segs_in;
    return {
      end,
      account,
      seen,
      pauses: pausesOf(seen, counted),
      samples: samples.get(idOf(end)) ?? [],
      repair_us: repairUs(own),
      repairs: own,
    };
  };
  for (const [one, other] of pairsOf(ends.values(), peers)) yield talkOf(sideOf(one), other && sideOf(other));
}

type Pair = [Readonly<End>, Readonly<End> | undefined];

function pairsOf(ends: Iterable<Readonly<End>>, peers: Joined['peers']): Pair[] {
  const done = new Set<Readonly<End>>();
  const pairs: Pair[] = [];
  for (const end of ends) {
    if (done.has(end)) continue;
    const other = peers.get(end)?.end;
    done.add(end);
    if (other) done.add(other);
    pairs.push([end, other]);
  }
  return pairs;
}

function talkOf(one: Side | undefined, other: Side | undefined): Talk | undefined {
  if (!one) return other && talkOf(other, undefined);
  const is_server = one.account.role === 'server' || other?.account.role === 'client';
  return is_server ? { client: other, server: one } : { client: one, server: other };
}

/** Time in recovery and loss states, and the retransmission timeouts that passed before them, µs. */
function repairUs(rows: Side['repairs']): number {
  let us = 0;
  for (const row of rows) {
    if (row.kind === 'congestion') {
      const { old_ca_state, duration_us } = row as Rows['congestion'];
      if (old_ca_state === 'recovery' || old_ca_state === 'loss') us += Number(duration_us);
    } else {
      const { class: found_by, outcome, retransmits, rto_us } = row as Rows['retransmit'];
      if (found_by === 'rto' && outcome === 'sent' && retransmits <= 1) us += rto_us;
    }
  }
  return us;
}
