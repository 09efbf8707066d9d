// What verdicts on connects, resets, time and sizes amount to, by cause and by the network of the peer: claims, each with rows that it rests
// on.
import { connectWords, type Group, resetWords, sizeWords, slowWords, type Whose } from './claim-words.ts';
import { CONNECT_CAUSES, type ConnectVerdict } from './connect-cause.ts';
import { type Reference, referTo } from './evidence.ts';
import type { Found } from './found.ts';
import { RESET_CAUSES } from './reset-cause.ts';
import type { ResetVerdict } from './resets.ts';
import { type SizeVerdict, sizeVerdicts } from './sizes.ts';
import { LIMITERS, type Part, type SlowVerdict } from './slow-cause.ts';
import { subnetOf } from './summary.ts';

/** What a claim is about: failed connects, resets, sizes of packets that do not get through, and where the time of connections went. */
export const ABOUT = ['connect', 'reset', 'size', 'slow'] as const;
export type About = (typeof ABOUT)[number];

export const SIZE_CAUSES = ['only_small_come'] as const;
export const CLAIM_CAUSES = [...new Set([...CONNECT_CAUSES, ...RESET_CAUSES, ...SIZE_CAUSES, ...LIMITERS])] as const;
export type ClaimCause = (typeof CLAIM_CAUSES)[number];

export type Claim = {
  about: About;
  cause: ClaimCause;
  /** of the peer */
  network: string;
  /** connections of which the claim is true, and all of the network that it is about */
  connections: number;
  of_connections: number;
  /** of slow: the time that the claim is about, and all time of these connections, µs; else 0 */
  us: number;
  of_us: number;
  sentence: string;
  /** of not_known: what would have told */
  missing: string;
  /** some of the rows that say so */
  rests_on: Reference[];
};

/** A claim names so many rows at most: one connection's are enough to look it up. */
const REFERENCES_MAX = 12;
/** A smaller share of the time of a network's connections makes no claim. */
const SHARE_LEAST = 0.01;

/** `networkOf` names the group of a peer's address. The largest of each kind come first. */
export function claimsOf(found: Pick<Found, 'causes' | 'judged'>, networkOf: (address: string) => string = subnetOf): Claim[] {
  const { connects, resets, slow } = found.causes;
  const connect = grouped(
    connects,
    ({ row }) => networkOf(row.peer_addr),
    ({ cause, place, missing, given_up, row }) =>
      `${cause} ${place?.host_id} ${place?.reason} ${place?.location} ${missing} ${given_up} ${row.kind === 'connection' ? row.peer_port : row.local_port}`,
  );
  const reset = grouped(
    resets,
    ({ row }) => networkOf(row.peer_addr),
    ({ cause, sender, comm, missing }) => `${cause} ${sender} ${comm} ${missing}`,
  );
  return [
    ...connect.map((group) => claim('connect', group, connectWords)),
    ...reset.map((group) => claim('reset', group, resetWords)),
    ...sizeVerdicts(found.judged.sizes).map((verdict) => sizeClaim(verdict, networkOf(verdict.peer_addr))),
    ...slowClaims(slow, networkOf),
  ];
}

function grouped<Verdict>(
  verdicts: readonly Verdict[],
  networkOf: (one: Verdict) => string,
  keyOf: (one: Verdict) => string,
): Group<Verdict>[] {
  const networks = Map.groupBy(verdicts, networkOf);
  const groups = [...networks].flatMap(([network, own]) =>
    [...Map.groupBy(own, keyOf).values()].flatMap((all) => (all[0] ? [{ network, first: all[0], all, of: own.length }] : [])),
  );
  return groups.sort((a, b) => b.all.length - a.all.length);
}

type Verdict = ConnectVerdict | ResetVerdict;

function claim<One extends Verdict>(about: About, group: Group<One>, words: (group: Group<One>) => string): Claim {
  const { first, all, network, of } = group;
  const rests_on = all.flatMap((one) => one.rests_on).slice(0, REFERENCES_MAX);
  const figures = { connections: all.length, of_connections: of, us: 0, of_us: 0 };
  return { about, cause: first.cause, network, ...figures, sentence: words(group), missing: first.missing, rests_on };
}

function sizeClaim(verdict: SizeVerdict, network: string): Claim {
  const largest = verdict.came.filter(({ bytes }) => bytes === verdict.largest_bytes);
  const rows = [...verdict.lost.slice(0, REFERENCES_MAX / 2), ...(largest.length > 0 ? largest : verdict.came)];
  return {
    about: 'size',
    cause: 'only_small_come',
    network,
    connections: verdict.ends.length,
    of_connections: verdict.of,
    us: 0,
    of_us: 0,
    sentence: sizeWords(verdict),
    missing: '',
    rests_on: rows.slice(0, REFERENCES_MAX).map(({ row }) => referTo(row)),
  };
}

type PartOf = Part & { verdict: SlowVerdict; side: keyof Whose };

function slowClaims(verdicts: readonly SlowVerdict[], networkOf: (address: string) => string): Claim[] {
  return [...Map.groupBy(verdicts, ({ end }) => networkOf(end.peer_addr))]
    .flatMap(([network, own]) => {
      const of_us = own.reduce((sum, { total_us }) => sum + total_us, 0);
      const parts = own.flatMap((verdict) => verdict.parts.map((one) => ({ ...one, verdict, side: sideOf(one, verdict) })));
      const groups = Map.groupBy(parts, ({ limiter, side, missing }) => `${limiter} ${side} ${missing}`);
      return [...groups.values()].flatMap((all) => slowClaim(network, all, own.length, of_us) ?? []);
    })
    .sort((a, b) => b.us - a.us);
}

/** Whose doing a part is, as the verdict names the ends. */
const sideOf = ({ limiter, end }: Part, verdict: SlowVerdict): PartOf['side'] =>
  end === verdict.end || (end === undefined && limiter !== 'answering' && !limiter.startsWith('receiver')) ? 'local' : 'peer';

function slowClaim(network: string, parts: readonly PartOf[], of_connections: number, of_us: number): Claim | undefined {
  const all = parts.toSorted((a, b) => b.us - a.us);
  const [first] = all;
  const us = all.reduce((sum, one) => sum + one.us, 0);
  if (!first || us < of_us * SHARE_LEAST) return undefined;
  const connections = new Set(all.map(({ verdict }) => verdict)).size;
  const figures = { connections, of_connections, us, of_us };
  const sentence = slowWords(network, first, figures);
  const rests_on = all.flatMap((one) => one.rests_on).slice(0, REFERENCES_MAX);
  return { about: 'slow', cause: first.limiter, network, ...figures, sentence, missing: first.missing, rests_on };
}
