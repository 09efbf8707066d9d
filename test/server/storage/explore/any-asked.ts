// Random rows of ten days, and random questions of them; and what a row is in terms of what is asked.
import fc from 'fast-check';
import { parseAddress } from '../../../../agent/contract/language/address.ts';
import { type Fact, factLayout } from '../../../../agent/contract/language/facts.ts';
import { KIND, type Kind, ROLE, STATE } from '../../../../bpf/rows/rows.gen.ts';
import type { ExploreQuery } from '../../../../server/api/explore.ts';
import { dimensionOf } from '../../../../server/storage/explore/dimensions.ts';
import { isOfRows, kindsOfMetric, metricOf } from '../../../../server/storage/explore/metrics.ts';
import { Params } from '../../../../server/storage/language/params.ts';
import type { RowValues } from '../../../support/row-bytes.ts';
import { NAIVE, type NaiveMetric, type NaiveRow } from './naive.ts';

export const DAY_S = 86_400;
export const NOW_S = Math.floor(Date.now() / 1000);
const DAYS = 10;
/** Midnight. */
export const FIRST_S = (Math.floor(NOW_S / DAY_S) - DAYS) * DAY_S;
const ROWS_EACH = 500;
export const LABELS = new Map([
  ['1', { rack: 'r1' }],
  ['2', { rack: 'r2' }],
]);
export const HOSTS = { alpha: 1n, beta: 2n, gamma: 3n };
const nameOf = (id: bigint) => Object.entries(HOSTS).find(([, host]) => host === id)?.[0] ?? '';

export type Row = NaiveRow & { at_s: number };

export const KINDS_ASKED = [
  'connection',
  'sample',
  'retransmit',
  'reset',
  'drop',
  'listener',
  'namespace',
] as const satisfies readonly Kind[];
const small = fc.nat({ max: 9 });
const us = fc.nat({ max: 2_000_000 });
const HEAD = {
  host_id: fc.constantFrom(1n, 2n, 3n),
  comm: fc.constantFrom('nginx', 'curl', 'a b', ''),
  role: fc.nat({ max: 2 }),
  local_addr: fc.constantFrom('own', 'own', 'known', 'shared'),
  peer_addr: fc.constantFrom('10.0.0.1', '10.0.0.9', '10.0.7.1', '20010db8000000000000000000000001'),
  local_port: fc.constantFrom(443, 80, 50_000),
  peer_port: fc.constantFrom(443, 80, 50_001),
  srtt_us: us,
};
const OWN: Record<(typeof KINDS_ASKED)[number], Record<string, fc.Arbitrary<number>>> = {
  connection: {
    event: fc.nat({ max: 2 }),
    tells_open: fc.nat({ max: 1 }),
    preexisting: fc.constantFrom(0, 0, 0, 1),
    connect_us: us,
    bytes_sent_rest: small,
    data_segs_out_rest: small,
    retrans_data_rest: small,
    retrans_spurious_rest: small,
    turn_max_us: us,
  },
  sample: {
    bytes_sent: fc.nat({ max: 100_000 }),
    data_segs_out: fc.nat({ max: 90 }),
    retrans: small,
    retrans_data: small,
    retrans_spurious: small,
    turn_max_us: us,
  },
  retransmit: { class: fc.nat({ max: 6 }), outcome: fc.nat({ max: 2 }), segments: small },
  reset: { direction: fc.nat({ max: 2 }) },
  drop: { meaning: fc.nat({ max: 3 }) },
  listener: { accepted: small, overflows: small },
  namespace: { unattributed: small },
};

/** Some addresses of hosts are peers of others; one is that of several hosts. */
const ADDRESSES: Record<string, Record<string, string>> = {
  1: { own: '10.9.0.1', known: '10.0.0.9', shared: '10.0.0.1' },
  2: { own: '10.9.0.2', known: '20010db8000000000000000000000001', shared: '10.0.0.1' },
  3: { own: '10.9.3.1', known: '10.9.3.2', shared: '10.0.0.1' },
};

/** Listeners have no peers, and namespaces nothing but their host. */
function headOf(kind: Kind, drawn: RowValues): RowValues {
  const values: RowValues = { ...drawn, local_addr: ADDRESSES[String(drawn['host_id'])]?.[String(drawn['local_addr'])] ?? '' };
  if (kind === 'namespace') return { host_id: values['host_id'] ?? 1n };
  return kind === 'listener'
    ? { ...values, peer_addr: '00000000000000000000000000000000', peer_port: 0, state: STATE.indexOf('listen'), srtt_us: 0 }
    : values;
}

/** Rows older than the last hours come in so many spells: each five minutes with rows in them take their time to be added up. */
const SPELLS = 100;
const SPELL_S = 300;

/** As many rows of each kind, more of them in the last two hours. */
export const drawnRows = (): Row[] =>
  KINDS_ASKED.flatMap((kind) => {
    const between_s = Math.floor((NOW_S - FIRST_S - SPELL_S) / SPELLS);
    const at = fc.tuple(fc.nat(SPELLS - 1), fc.nat(SPELL_S - 1)).map(([spell, after_s]) => spell * between_s + after_s);
    const recent = fc.integer({ min: NOW_S - FIRST_S - 7200, max: NOW_S - FIRST_S - 60 });
    const drawn = fc.sample(fc.tuple(fc.oneof(at, recent), fc.record(HEAD), fc.record(OWN[kind])), ROWS_EACH);
    return drawn.map(([from_s, values, own]): Row => ({ kind, at_s: FIRST_S + from_s, values: { ...headOf(kind, values), ...own } }));
  });

function servicePort({ values }: NaiveRow): number {
  const [local, peer] = [Number(values['local_port'] ?? 0), Number(values['peer_port'] ?? 0)];
  if (values['role'] === ROLE.indexOf('server') || values['state'] === STATE.indexOf('listen')) return local;
  return values['role'] === ROLE.indexOf('client') ? peer : Math.min(local, peer);
}

const addressOf = (text: string): bigint => (text.includes('.') ? (parseAddress(text) ?? 0n) : BigInt(`0x${text}`));

export function factOf(row: NaiveRow, fact: Fact): bigint {
  if (fact === 'kind') return BigInt(KIND.indexOf(row.kind));
  if (fact === 'service_port') return BigInt(servicePort(row));
  const value = row.values[factLayout(fact).column] ?? 0;
  if (typeof value !== 'string') return BigInt(value);
  return fact === 'comm' ? BigInt(`0x${Buffer.from(value).toString('hex').padEnd(32, '0')}`) : addressOf(value);
}

const NETWORKS: Record<string, string> = {
  '10.0.0.1': '10.0.0.0/24',
  '10.0.0.9': '10.0.0.0/24',
  '10.0.7.1': '10.0.7.0/24',
  '10.0.7.2': '10.0.7.0/24',
  '20010db8000000000000000000000001': '2001:db8::/64',
  '10.9.0.1': '10.9.0.0/24',
  '10.9.0.2': '10.9.0.0/24',
  '10.9.3.1': '10.9.3.0/24',
  '10.9.3.2': '10.9.3.0/24',
};

/** The hosts that have had an address as their own, by connections and samples. */
function holders(rows: readonly NaiveRow[], address: string): Set<string> {
  const own = rows.filter(({ kind, values }) => (kind === 'connection' || kind === 'sample') && values['local_addr'] === address);
  return new Set(own.map(({ values }) => nameOf(values['host_id'] as bigint)));
}
/** What the dimension is for a row among all rows of the time that is asked of; and the kinds that have it. */
export const KEYS: Record<string, { key: (row: NaiveRow, all: readonly NaiveRow[]) => string; needs: Fact }> = {
  host: { key: ({ values }) => nameOf(values['host_id'] as bigint), needs: 'host_id' },
  'label.rack': { key: ({ values }) => LABELS.get(String(values['host_id']))?.rack ?? '', needs: 'host_id' },
  process: { key: ({ values }) => String(values['comm'] ?? ''), needs: 'comm' },
  role: { key: ({ values }) => ROLE[Number(values['role'] ?? 0)] ?? '', needs: 'role' },
  network: { key: ({ values }) => NETWORKS[String(values['peer_addr'])] ?? '', needs: 'peer_addr' },
  local_network: { key: ({ values }) => NETWORKS[String(values['local_addr'])] ?? '', needs: 'local_addr' },
  peer_host: {
    key: ({ values }, all) => {
      const [host = '', another] = holders(all, String(values['peer_addr']));
      return host === '' || another !== undefined ? (NETWORKS[String(values['peer_addr'])] ?? '') : host;
    },
    needs: 'peer_addr',
  },
  service_port: { key: (row) => String(servicePort(row)), needs: 'service_port' },
  peer: { key: ({ values }) => String(values['peer_addr']).replace(/^20010db8.*/, '2001:db8::1'), needs: 'peer_addr' },
};

const FILTERS = [
  undefined,
  'host = 1',
  'process = nginx',
  'not process = nginx',
  'process != nginx and role = client',
  'service_port in (80, 443)',
  'peer = 10.0.0.0/24',
  'peer != 10.0.0.0/24',
  'not peer = 10.0.0.0/24 or host = 2',
  'peer = 10.0.0.9',
  'srtt > 100ms or host = 3',
] as const;

export type Asked = Pick<ExploreQuery, 'from' | 'to' | 'filter' | 'step' | 'earlier'> & { metrics: NaiveMetric[]; by: string[] };

const moment = fc.oneof(
  fc.integer({ min: FIRST_S, max: NOW_S }),
  fc.integer({ min: 0, max: DAYS }).map((day) => FIRST_S + day * DAY_S),
  fc.integer({ min: NOW_S - 3 * 3600, max: NOW_S }),
);
const METRICS_ASKED = Object.keys(NAIVE) as NaiveMetric[];
const ends = fc.oneof({ weight: 5, arbitrary: fc.tuple(moment, moment) }, { weight: 1, arbitrary: fc.constant([FIRST_S, NOW_S] as const) });
/** Any of a table's names; as often only of those that minutes, hours and days have, too. */
const some = <Name extends string>(
  names: readonly Name[],
  isRolled: (name: Name) => boolean,
  bounds: fc.UniqueArrayConstraints<Name, Name>,
) => fc.oneof(...[names, names.filter(isRolled)].map((of) => fc.uniqueArray(fc.constantFrom(...of), bounds)));
export const question: fc.Arbitrary<Asked> = fc
  .record({
    ends: ends.filter(([a, b]) => a !== b),
    metrics: some(METRICS_ASKED, (name) => !isOfRows(metricOf(name)), { minLength: 1, maxLength: 4 }),
    by: some(Object.keys(KEYS), (name) => dimensionOf(name, { labels: () => LABELS }, new Params())?.rollup !== undefined, {
      maxLength: 3,
    }),
    filter: fc.constantFrom(...FILTERS),
    step: fc.constantFrom('none', 'none', 'auto'),
    earlier: fc.option(fc.constantFrom(3600, DAY_S), { nil: undefined, freq: 4 }),
  })
  .map(({ ends: [a, b], filter, earlier, ...asked }) => ({
    ...asked,
    ...(filter !== undefined && { filter }),
    ...(earlier !== undefined && { earlier }),
    from: Math.min(a, b) * 1000,
    to: Math.max(a, b) * 1000,
  }));

/** The kinds that a metric counts have all the dimensions. */
export const fits = ({ metrics, by }: Asked) =>
  metrics.every((name) =>
    kindsOfMetric(metricOf(name)).every((kind) => by.every((key) => factLayout(KEYS[key]?.needs ?? 'comm').kinds.has(kind))),
  );
