// What a verdict on a connection's time says.
import type { Account } from './account.ts';
import type { End } from './ends.ts';
import { type Reference, referTo } from './evidence.ts';

export const LIMITERS = [
  'handshake', // the connection was not open yet
  'sender_application', // the side that was to go on had nothing to send: its application had written nothing
  'receiver_application', // the receiver's window was full of what its application had not read
  'receiver_buffer', // the receiver's window was full, though its application read what came: its buffer is small
  'receiver_window', // the receiver's window was full; it is not known whether of unread data
  'sender_buffer', // the send buffer was full of data in flight
  'sender_host', // the layers below TCP of the sender's host took nothing
  'loss', // the connection waited for data that was lost
  'path', // the round trip, or the rate of the path
  'answering', // the peer had the request, and its application had not answered it yet
  'idle', // neither side had anything to send, and none was to answer
  'not_known',
] as const;
export type Limiter = (typeof LIMITERS)[number];

/** Those of which an application is the cause. */
export const OF_APPLICATIONS: ReadonlySet<Limiter> = new Set(['sender_application', 'receiver_application', 'answering']);

export type Part = {
  limiter: Limiter;
  us: number;
  /** whose application, buffer or host it is; undefined: nobody's, or it is not watched */
  end: End | undefined;
  missing: string;
  rests_on: Reference[];
};

export type SlowVerdict = {
  /** the client's end where it is watched */
  end: End;
  /** of its process; empty: unknown */
  comm: string;
  peer_observed: boolean;
  total_us: number;
  /** the largest first; together at most total_us */
  parts: Part[];
};

type Row = Parameters<typeof referTo>[0];

export const part = (limiter: Limiter, us: number, end: End | undefined, rows: readonly Row[], missing = ''): Part => ({
  limiter,
  us,
  end,
  missing,
  rests_on: rows.map(referTo),
});

/** Rows of an account, which all of its parts rest on. */
export const rowsOf = (account: Account | undefined): readonly Row[] => account?.rows ?? [];
