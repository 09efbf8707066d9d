// A client and a server whose hosts are both watched, and rows of theirs made by hand.
import { type Evidence, type GrowingEvidence, noEvidence } from '../../../agent/verdict/evidence.ts';
import type { Kind, Rows } from '../../../bpf/rows/rows.gen.ts';
import { rowOf } from './rows.ts';

export const MS = 1_000_000n;
export const BEGAN = 1_000_000_000_000n;

export const CLIENT = {
  host_id: 1n,
  netns: 11n,
  connection_id: 101n,
  local_addr: '10.1.0.1',
  local_port: 4000,
  peer_addr: '10.2.0.1',
  peer_port: 80,
};
export const SERVER = {
  host_id: 2n,
  netns: 22n,
  connection_id: 202n,
  local_addr: '10.2.0.1',
  local_port: 80,
  peer_addr: '10.1.0.1',
  peer_port: 4000,
};
/** A host between them. What it passes on, its rows name from the sender's side, and what comes to it from the receiver's. */
export const ROUTER = { host_id: 3n, netns: 33n };
export const NO_SOCKET = { connection_id: 0n } as const;

export const [SYN, SYN_ACK, RST, DATA, ACKED] = [2, 18, 20, 24, 16];
const CLIENT_ISN = 1000;
const SERVER_ISN = 9000;
export const ISNS = { client: { snd_isn: CLIENT_ISN, rcv_isn: SERVER_ISN }, server: { snd_isn: SERVER_ISN, rcv_isn: CLIENT_ISN } };

/** Rows in the order in which they are given; `at_ms` counts from the beginning. */
export class Told {
  readonly #rows: GrowingEvidence = noEvidence();

  add<Name extends keyof Evidence & Kind>(kind: Name, at_ms: number, values: Partial<Rows[Name]>): this {
    const rows: Rows[Name][] = this.#rows[kind];
    const time_ns = BEGAN + BigInt(Math.round(at_ms * 1e6));
    rows.push(rowOf(kind, { ...values, time_ns } as Partial<Rows[Name]>));
    return this;
  }

  get evidence(): Evidence {
    return this.#rows;
  }

  /** As if the host had not been watched. */
  without(host_id: bigint): Evidence {
    const kept = Object.entries(this.#rows).map(([kind, rows]) => [kind, rows.filter((row) => row.host_id !== host_id)]);
    return Object.fromEntries(kept) as Evidence;
  }
}
