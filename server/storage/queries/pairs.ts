// Joins the two ends of a connection, if agents watch both, into one line: by the addresses and ports of both ends.
import { type Figure, figuresOf, folded, RTT_BUCKET, RTT_COUNTS } from '../figures.ts';
import { conditionOf, EVERYTHING } from '../language/condition.ts';
import { rowsOf, type Window } from './window.ts';

export const PAIRS_OF = ['connection', 'sample'] as const;

export const PAIR_FIGURES = [
  'failed',
  'resets',
  'data_segs_out',
  'retrans_data',
  'spurious',
  'bytes_sent',
  'bytes_received',
] as const satisfies readonly Figure[];

/** If it was not seen which end connected, the smaller port is taken for that of the service. */
const IS_CLIENT = "(ends.1 = 'client' OR (ends.1 = 'unknown' AND ends.3 > ends.5))";

/** The form of RTTs until they are combined: exact quantiles for an answer, buckets for a table. */
const RTTS = {
  quantiles: {
    of: (kind: (typeof PAIRS_OF)[number]) => `quantilesStateIf(0.5, 0.99)(srtt_us, ${RTT_COUNTS[kind]})`,
    together: (of: string) => `quantilesMergeState(0.5, 0.99)(${of})`,
    togetherIf: (of: string, is: string) => `quantilesMergeStateIf(0.5, 0.99)(${of}, ${is})`,
  },
  buckets: {
    of: (kind: (typeof PAIRS_OF)[number]) => `sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]})`,
    together: (of: string) => `sumMap(${of})`,
    togetherIf: (of: string, is: string) => `sumMapIf(${of}, ${is})`,
  },
} as const;
export type Rtts = keyof typeof RTTS;

/** An expression that combines the RTTs of several lines, in the same form. */
export const togetherOf = (rtts: Rtts, of: string): string => RTTS[rtts].together(of);

/** Only rows of connections say that an end is over. */
const IS_OVER = { connection: "max(event != 'open')", sample: 'false' } as const;

const isLoopback = (address: string) =>
  `(${address} = toIPv6('::1') OR ${address} BETWEEN toIPv6('::ffff:127.0.0.0') AND toIPv6('::ffff:127.255.255.255'))`;

/** The window without its filter, since the other end of a matching connection need not match. */
export const unfiltered = (window: Window): Window => ({ ...window, filter: EVERYTHING });

/**
 * A SELECT of a line for each end, as pairsOfEnds takes them: host_key, connection_key, owner (name, cgroup), ends (role, local address and
 * port, peer's), last (time of its newest row), the figures, rtt, over, fits (whether it matches the filter).
 */
export function endsSql(window: Window, rtts: Rtts): string {
  const kinds = PAIRS_OF.map(
    (
      kind,
    ) => `SELECT host_id AS host_key, connection_id AS connection_key, max(time_ns) AS last, argMaxIf((comm, cgroup_id), time_ns, comm != '') AS owner,
    argMax((role, local_addr, local_port, peer_addr, peer_port), time_ns) AS ends, ${figuresOf(kind, PAIR_FIGURES).join(', ')},
    ${RTTS[rtts].of(kind)} AS rtt, ${IS_OVER[kind]} AS over, max(${conditionOf(window.filter, kind, 'rows', window.params)}) AS fits
  FROM ${rowsOf(kind, unfiltered(window))} GROUP BY host_key, connection_key`,
  );
  return `SELECT host_key, connection_key, argMaxIf(e.owner, e.last, e.owner.1 != '') AS owner, argMax(e.ends, e.last) AS ends, max(e.last) AS last,
    ${PAIR_FIGURES.map((name) => `${folded(name, `e.${name}`)} AS ${name}`).join(', ')}, ${RTTS[rtts].together('e.rtt')} AS rtt, max(e.over) AS over, max(e.fits) AS fits
  FROM (${kinds.join('\nUNION ALL ')}) AS e GROUP BY host_key, connection_key`;
}

const sides = (of: (is: string) => string, name: string) => [
  `${of('is_client')} AS client_${name}`,
  `${of('NOT is_client')} AS server_${name}`,
];

/** @see pairsOfEnds */
export const pairsSql = (window: Window, rtts: Rtts = 'quantiles'): string => pairsOfEnds(endsSql(window, rtts), rtts);

/** A part of an hour can be cut into so many slices at most: a service may have all connections of an hour. */
export const SLICES = 256;

/** The connection as (client's address and port, server's), over `ends` and `is_client`. */
const PAIR = 'if(is_client, (ends.2, ends.3, ends.4, ends.5), (ends.4, ends.5, ends.2, ends.3))';

/**
 * Adds `part` and `slice` to the columns of a SELECT of ends. `part`, below `parts`, is the same for all ends that the map has to see
 * together: those between the same two addresses and with the same service port, on loopback those of one host. `slice`, below SLICES, is
 * the same within a part for all ends that pairsOfEnds has to see together.
 */
export const partedEnds = (ends: string, parts: number): string =>
  `SELECT *, ${IS_CLIENT} AS is_client, ${PAIR} AS pair, cityHash64(pair.1, pair.3, pair.4, if(${isLoopback('pair.1')}, host_key, 0)) % ${parts} AS part,
  cityHash64(pair.2) % ${SLICES} AS slice
FROM (${ends})`;

/**
 * A SELECT of a line for each connection of which an end matches the filter. For each side, with client_ and server_ before the name: ends
 * (number of ends seen; 0: not watched), over (those that have ended), host, owner (name, cgroup), the figures and rtt. Also server_addr,
 * client_addr, server_port. Loopback addresses, and addresses that several hosts use at a time (as those of container bridges), are kept
 * apart by host.
 * @param ends a SELECT as of endsSql, of whole slices (partedEnds)
 */
export function pairsOfEnds(ends: string, rtts: Rtts): string {
  const sided = `SELECT *, ${IS_CLIENT} AS is_client, ${PAIR} AS pair FROM (${ends})`;
  const several = ['is_client', 'NOT is_client'].map(
    (side) => `maxIf(host_key, ${side}) OVER ends_of_pair != minIf(host_key, ${side}) OVER ends_of_pair`,
  );
  const placed = `SELECT *, if(${[isLoopback('pair.1'), ...several].join(' OR ')}, host_key, 0) AS place
  FROM (${sided}) WINDOW ends_of_pair AS (PARTITION BY pair)`;
  const columns = [
    ...sides((is) => `countIf(${is})`, 'ends'),
    ...sides((is) => `argMaxIf(host_key, last, ${is})`, 'host'),
    ...sides((is) => `argMaxIf(owner, (owner.1 != '', last), ${is})`, 'owner'),
    ...PAIR_FIGURES.flatMap((name) => sides((is) => `sumIf(p.${name}, ${is})`, name)),
    ...sides((is) => RTTS[rtts].togetherIf('p.rtt', is), 'rtt'),
    ...sides((is) => `countIf(over AND ${is})`, 'over'),
  ];
  return `SELECT pair.1 AS client_addr, pair.3 AS server_addr, pair.4 AS server_port, max(last) AS newest, ${columns.join(', ')}
FROM (${placed}) AS p GROUP BY pair, place HAVING max(fits)`;
}
