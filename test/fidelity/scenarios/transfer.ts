// A transfer from client to server over a path that keeps account of what it loses, and how it is looked at.
import { expect } from 'vitest';
import type { Class } from '../../../bpf/rows/rows.gen.ts';
import type { Path, Seen, SideSeen } from '../scenario.ts';
import { attempts, closes, counted, segments, sum } from '../views.ts';

/** The sender's only close row. */
export const closeOf = (seen: SideSeen) => {
  const [close] = closes(seen);
  if (!close) throw new Error(`the ${seen.side} has no close row`);
  return close;
};
export const sentAgain = (seen: SideSeen): number => segments(counted(seen), 'fast', 'slow_start', 'rto', 'tlp');

/** Segments by class, those with any. */
export const mix = (seen: SideSeen): Partial<Record<Class, number>> => {
  const classes = new Set(counted(seen).map((row) => row.class));
  return Object.fromEntries([...classes].map((name) => [name, segments(counted(seen), name)]));
};

export const captured = (...rules: string[]): Path => ({ kind: 'relay', rules, capture: true });
/** The path both ways takes this long. */
export const RTT_US = 20_000;
export const far = ['out:delay=10:any', 'back:delay=10:any'];
export const transfer = (bytes: number) => ({
  server: 'listen:7000 accept drain close',
  client: `connect:7000 send:${bytes} flush info shutdown drain close`,
});

/** The sender's rows beside the path's own account: what it lost, either way. */
export function lostOnTheWay({ client, server, carried }: Seen): void {
  const near = closeOf(client);
  const remote = closeOf(server);
  expect(near.data_segs_out - remote.data_segs_in, 'data lost on the way out').toBe(carried.out['data_dropped']);
  expect(near.data_segs_out, 'data that went out').toBe(carried.out['data']);
  expect(near.total_retrans, "its class counts and the ledger's").toBe(
    sentAgain(client) + near.unattributed + sum(attempts(client).flatMap((row) => (row.class === 'syn' ? [row.segments] : []))),
  );
}
