// Connections that fail, are reset or are slow, each made to be so by one thing, and what shows that it was that.
import type { About } from '../../../agent/verdict/claims.ts';
import type { Family } from '../../support/netns.ts';
import type { Side } from '../scenario.ts';

export type Scenario = {
  name: string;
  about: About;
  /** the cause that was made */
  truth: string;
  /** what is right where only one end was observed, and says less */
  coarser?: readonly string[];
  family?: Family;
  /** rules of the program that carries the packets (relay.c); undefined: a router forwards them */
  carried?: readonly string[];
  /** a connection before the others shows that both hosts are watched */
  known?: true;
  /** commands before the traffic, by namespace */
  setup?: Partial<Record<Side, readonly string[]>>;
  /** the router, or nobody, did it: without its rows it may be unknown */
  at_router?: true;
  /** commands once the receiver has said this word so often */
  meanwhile?: { word: string; count?: number; at: Side; commands?: readonly string[]; kill?: true };
  /** the words of endpoint.c */
  sender: string;
  receiver: string;
  /** where connects go, if not to the receiver */
  to?: string;
  /** the kernel's own word on it: a counter of a namespace (nstat) that has to be at least so much, or packets that a rule of its has to match */
  proof?: { at: Side; counter: string; least: number } | { at: Side; rule: string; least: number };
  small?: true;
};

/** A path with a delay each way, in milliseconds. */
export const way = (ms: number) => [`out:delay=${ms}:any`, `back:delay=${ms}:any`];
