// What a scenario is, and what is known when its traffic is over.
import type { Row } from '../../agent/exports/row-json.ts';
import type { Kind, Rows } from '../../bpf/rows/rows.gen.ts';
import type { Family, Netns, Pair } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';
import type { Events } from '../support/witness.ts';
import type { Frame } from './tshark.ts';

export const SIDES = ['client', 'server'] as const;
export type Side = (typeof SIDES)[number];
export const OTHER: Record<Side, Side> = { client: 'server', server: 'client' };

export type CongestionControl = 'cubic' | 'reno' | 'bbr';

/**
 * What joins the two hosts. `relay`: a program carries the packets, by rules in the language of traffic/relay.c, and
 * can capture them. `veth`: the kernel does, in packets of many segments unless `offloads` is false; `capture` is the
 * side on which tcpdump listens.
 */
export type Path = { kind: 'relay'; rules: string[]; capture?: boolean } | { kind: 'veth'; offloads: boolean; capture?: Side };

export const relay = (...rules: string[]): Path => ({ kind: 'relay', rules });
export const veth: Path = { kind: 'veth', offloads: true };

/** A line that an endpoint printed: what a word of its script came to, or (word `info`) what TCP_INFO said. */
export type Said = { word: string; pid: number; port: number } & Record<Exclude<string, 'word'>, number | string>;

/** Figures by name, that someone else than tcplens has found: ss, iptables, /proc, the relay. */
export type Figures = Record<string, number>;

export type Scenario = {
  /** as in scenarios.md, and a letter where there are several: "D3b" */
  id: string;
  name: string;
  family: Family;
  congestion: CongestionControl;
  path: Path;
  /** commands run in a namespace before the traffic */
  setup?: Partial<Record<Side, string[]>>;
  /** scripts in the language of traffic/endpoint.c; the server's begins before the client's */
  client: string;
  server: string;
  /** run when both scripts `wait`, before they go on: looks at the living connections */
  midway?: (running: Running) => Promise<Figures>;
  /** what the kernel must have counted: else the traffic was not what the name says */
  happened: (seen: Seen) => void;
  /** the rows that name the cause, for a person; none is a failure */
  causes: (seen: Seen) => Row[];
  /** what these and other rows must say, and must not */
  says: (seen: Seen) => void;
  /** counters of which this situation keeps rows from saying a known part */
  excused?: Excuses;
  /** takes its time: is begun first */
  slow?: true;
};

/** What most scenarios have. */
export const PLAIN = { family: 'ipv4', congestion: 'cubic' } as const;

/** By counter: what it has more than the rows can say, known to the unit from elsewhere, and why. */
export type Excuses = Record<string, (own: SideSeen, other: SideSeen) => { apart: number; why: string }>;

export type Running = Pair & {
  /** sweeps and drains now, so that what is alive has its rows */
  look(): void;
};

/** What one side's kernel, programs and rows said in the end. */
export type SideSeen = {
  side: Side;
  netns: Netns;
  /** of the namespace */
  cookie: bigint;
  nstat: Figures;
  /** packets that each iptables rule with a verdict has matched, added up */
  filtered: number;
  said: Said[];
  rows: { [Name in Kind]: Rows[Name][] };
  /** what the witness saw */
  witnessed: Events;
};

export type Seen = Record<Side, SideSeen> & {
  midway: Figures;
  /** of the relay, per way */
  carried: Record<'out' | 'back', Figures>;
  /** what tshark said of each packet, by the side of the capture */
  captures: Partial<Record<Side, Frame[]>>;
};

/** What became of the words of this name, in their order. */
export const said = ({ said: all }: SideSeen, word: string): Said[] => all.filter((each) => each.word === word);

/** Waits until `holds` does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  await waitFor(what, holds, Boolean, 100);
}
