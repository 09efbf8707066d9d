// Scenarios of connections that fail, are reset or are slow. Each has one cause, and a proof of it.
import type { About } from '../../../agent/verdict/claims.ts';
import type { Family } from '../../support/netns.ts';
import type { Side } from '../scenario.ts';

export type Scenario = {
  name: string;
  about: About;
  /** the cause that was made */
  truth: string;
  /** less precise verdicts that are right if only one end is observed */
  coarser?: readonly string[];
  family?: Family;
  /** rules for the program that forwards the packets (relay.c); undefined: a router forwards them */
  carried?: readonly string[];
  /** a connection before the others shows that both hosts are watched */
  known?: true;
  /** commands before the traffic, by namespace */
  setup?: Partial<Record<Side, readonly string[]>>;
  /** the cause is at the router, or at no host: without the router's rows it may be unknown */
  at_router?: true;
  /** commands to run when the receiver has printed this word `count` times */
  meanwhile?: { word: string; count?: number; at: Side; commands?: readonly string[]; kill?: true };
  /** script for endpoint.c */
  sender: string;
  receiver: string;
  /** address of the connects, if it is not the receiver's */
  to?: string;
  /** the proof: a counter of a namespace (nstat), or packets that a rule of it matched, must reach `least` */
  proof?: { at: Side; counter: string; least: number } | { at: Side; rule: string; least: number };
  small?: true;
};

/** A path with this delay in each direction, in ms. */
export const way = (ms: number) => [`out:delay=${ms}:any`, `back:delay=${ms}:any`];
