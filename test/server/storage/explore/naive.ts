// The metrics of rows, each row looked at by itself: written anew from what the metrics say that they count.
import { CLASS, DIRECTION, EVENT, type Kind, MEANING, OUTCOME, ROLE } from '../../../../bpf/rows/rows.gen.ts';
import type { MetricName } from '../../../../server/storage/explore/metrics.ts';

export type NaiveRow = { kind: Kind; values: Record<string, number | bigint | string> };
type Rows = readonly NaiveRow[];

const num = ({ values }: NaiveRow, name: string): number => Number(values[name] ?? 0);
const total = (rows: Rows, of: (row: NaiveRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
const ofKind = (rows: Rows, ...kinds: Kind[]): Rows => rows.filter(({ kind }) => kinds.includes(kind));
const named = <Name extends string>(list: readonly Name[], name: Name): number => list.indexOf(name);

const isOpening = (row: NaiveRow) =>
  (num(row, 'event') === named(EVENT, 'open') || num(row, 'tells_open') === 1) && num(row, 'preexisting') === 0;
const asked = (row: NaiveRow) => num(row, 'role') !== named(ROLE, 'server');
const ended = (row: NaiveRow) => num(row, 'event') !== named(EVENT, 'open');

/** What a sample or the end of a connection reports of its traffic. */
const traffic = (rows: Rows, name: string): number =>
  total(ofKind(rows, 'sample'), (row) => num(row, name)) +
  total(ofKind(rows, 'connection').filter(ended), (row) => num(row, `${name}_rest`));

function spurious(rows: Rows): number {
  const sampled = total(ofKind(rows, 'sample'), (row) =>
    Math.max(0, num(row, 'retrans_spurious') - num(row, 'retrans') + num(row, 'retrans_data')),
  );
  const rest = ofKind(rows, 'connection').filter(ended);
  return sampled + total(rest, (row) => Math.min(num(row, 'retrans_spurious_rest'), num(row, 'retrans_data_rest')));
}

const lost = (rows: Rows) => Math.max(0, traffic(rows, 'retrans_data') - spurious(rows));
const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
const connects = (rows: Rows) => ofKind(rows, 'connection').filter((row) => isOpening(row) && asked(row)).length;
const failed = (rows: Rows) =>
  ofKind(rows, 'connection').filter((row) => num(row, 'event') === named(EVENT, 'failed') && asked(row)).length;
const longest = (rows: Rows, name: string): number | null => {
  const measured = [...ofKind(rows, 'sample'), ...ofKind(rows, 'connection').filter(ended)].map((row) => num(row, name));
  return Math.max(0, ...measured) || null;
};

const bucketOf = (us: number) => Math.ceil(Math.log2(Math.max(us, 1) / 1e6) * 8) - 1;
/** Pairs of the largest µs of a bucket and how many there are. */
function buckets(times: readonly number[]): [number, number][] {
  const counted = Map.groupBy(times.map(bucketOf), (bucket) => bucket);
  return [...counted].sort(([a], [b]) => a - b).map(([bucket, all]) => [2 ** ((bucket + 1) / 8) * 1e6, all.length]);
}
function quantile(times: readonly number[], level: number): number | null {
  const sorted = times.map(bucketOf).sort((a, b) => a - b);
  const at = sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)];
  return at === undefined ? null : 2 ** ((at + 0.5) / 8) * 1e6;
}
const rtts = (rows: Rows) =>
  [...ofKind(rows, 'sample'), ...ofKind(rows, 'connection').filter((row) => num(row, 'event') === named(EVENT, 'close'))]
    .map((row) => num(row, 'srtt_us'))
    .filter((us) => us > 0);
const handshakes = (rows: Rows) =>
  ofKind(rows, 'connection')
    .filter((row) => isOpening(row) && num(row, 'event') !== named(EVENT, 'failed') && asked(row))
    .map((row) => num(row, 'connect_us'))
    .filter((us) => us > 0);
/** The longest turn of each interval; a close repeats that of samples, where there were any. */
const turns = (rows: Rows, role: (index: number) => boolean) =>
  [
    ...ofKind(rows, 'sample'),
    ...ofKind(rows, 'connection').filter((row) => num(row, 'event') === named(EVENT, 'close') && num(row, 'tells_open') === 1),
  ]
    .filter((row) => role(num(row, 'role')))
    .map((row) => num(row, 'turn_max_us'))
    .filter((us) => us > 0);
const atServer = (role: number) => role === named(ROLE, 'server');

const resent = (rows: Rows) =>
  total(
    ofKind(rows, 'retransmit').filter((row) => num(row, 'outcome') !== named(OUTCOME, 'refused')),
    (row) => num(row, 'segments'),
  );

export const NAIVE = {
  connects,
  failed_connects: failed,
  failed_ratio: (rows) => ratio(failed(rows), failed(rows) + connects(rows)),
  accepts: (rows) => total(ofKind(rows, 'listener'), (row) => num(row, 'accepted')),
  accept_overflows: (rows) => {
    const looked = ofKind(rows, 'listener');
    return looked.length === 0 ? null : total(looked, (row) => num(row, 'overflows'));
  },
  bytes_sent: (rows) => traffic(rows, 'bytes_sent'),
  data_segments: (rows) => traffic(rows, 'data_segs_out'),
  retransmits: resent,
  retrans_rto: (rows) => resent(rows.filter((row) => num(row, 'class') === named(CLASS, 'rto'))),
  lost_segments: lost,
  retransmit_ratio: (rows) => ratio(lost(rows), traffic(rows, 'data_segs_out')),
  spurious_segments: spurious,
  unattributed_segments: (rows) => {
    const looked = ofKind(rows, 'namespace');
    return looked.length === 0 ? null : total(looked, (row) => num(row, 'unattributed'));
  },
  resets_sent: (rows) => ofKind(rows, 'reset').filter((row) => num(row, 'direction') === named(DIRECTION, 'sent')).length,
  drops: (rows) => ofKind(rows, 'drop').filter((row) => num(row, 'meaning') === named(MEANING, 'lost')).length,
  turn_max: (rows) => longest(rows, 'turn_max_us'),
  rtt_p50: (rows) => quantile(rtts(rows), 0.5),
  rtt_p99: (rows) => quantile(rtts(rows), 0.99),
  rtt: (rows) => buckets(rtts(rows)),
  handshake: (rows) => buckets(handshakes(rows)),
  response: (rows) => buckets(turns(rows, (role) => !atServer(role))),
  response_p99: (rows) =>
    quantile(
      turns(rows, (role) => !atServer(role)),
      0.99,
    ),
  server_turn: (rows) => buckets(turns(rows, atServer)),
  server_turn_p50: (rows) => quantile(turns(rows, atServer), 0.5),
  handshake_p50: (rows) => quantile(handshakes(rows), 0.5),
} as const satisfies Partial<Record<MetricName, (rows: Rows) => number | null | [number, number][]>>;

export type NaiveMetric = keyof typeof NAIVE;
