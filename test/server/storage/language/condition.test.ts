// One meaning: whatever the expression and whatever the rows, the engine answers as the tree says. And the coarser tables are asked only for
// what they know.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IPV4 } from '../../../../agent/contract/language/address.ts';
import { parseExpression } from '../../../../agent/contract/language/bind.ts';
import { type Fact, FILTERED_KINDS, factLayout } from '../../../../agent/contract/language/facts.ts';
import { FIELD_NAMES, FIELDS } from '../../../../agent/contract/language/fields.ts';
import { FilterError } from '../../../../agent/contract/language/filter-error.ts';
import { includes } from '../../../../agent/contract/language/ranges.ts';
import { type Expression, evaluate, type Named } from '../../../../agent/contract/language/tree.ts';
import { KIND, ROLE, STATE } from '../../../../bpf/rows/rows.gen.ts';
import { openEmbedded } from '../../../../server/storage/embedded.ts';
import { conditionOf, placeOf } from '../../../../server/storage/language/condition.ts';
import { type Namer, storedFilter } from '../../../../server/storage/language/names.ts';
import { networksOf } from '../../../../server/storage/language/networks.ts';
import { Params } from '../../../../server/storage/language/params.ts';
import { rowBytes } from '../../../support/row-bytes.ts';
import { tries } from '../../../support/tries.ts';
import { type Fixture, fixture } from '../backends.ts';
import { report } from '../report.ts';
import { type AnyRow, anyExpression, anyRow, valuesOf } from './any-expression.ts';

const ROWS = 600;
const LABELS = new Map<string, Record<string, string>>([
  ['1', { rack: 'r1' }],
  ['2', { rack: 'r2' }],
  [String(0xffff_ffff_ffff_fff1n), { room: 'a' }],
]);
const HOSTS = { alpha: 1n, beta: 2n };
const CGROUPS = [
  { host: 1n, id: 7n, path: '/system.slice/nginx.service', container_id: '', unit: 'nginx.service', pod_uid: '' },
  { host: 2n, id: 7n, path: '/docker/0123456789abcdef', container_id: '0123456789abcdef', unit: 'docker.service', pod_uid: 'pod-1' },
  { host: 2n, id: 8n, path: '/docker', container_id: 'fedcba9876543210', unit: 'docker.service', pod_uid: 'pod-2' },
];
const NETNS = [{ host: 1n, id: 7n, inode: 8, name: 'web' }];

let opened: Fixture;
let rows: (AnyRow & { at: number })[];
let namer: Namer;

beforeAll(async () => {
  opened = await fixture((directory) => openEmbedded({ path: `${directory}/engine` }));
  namer = { store: opened.store, labels: () => LABELS };
  const drawn = fc.sample(anyRow, ROWS);
  rows = FILTERED_KINDS.flatMap((kind) => drawn.filter((row) => row.kind === kind).map((row, at) => ({ ...row, at })));
  for (const kind of FILTERED_KINDS) {
    const own = rows.filter((row) => row.kind === kind);
    const time_ns = BigInt(Date.now()) * 1_000_000n;
    await opened.put(
      kind,
      own.map(({ values }) => rowBytes(kind, { ...values, time_ns })),
    );
  }
  for (const [name, host] of Object.entries(HOSTS)) {
    const told = report({
      host_id: host.toString(16).padStart(16, '0'),
      cgroups: CGROUPS.filter((one) => one.host === host).map(cgroupOf),
    });
    const netns = NETNS.filter((one) => one.host === host).map(({ id, inode, name: of }) => ({
      netns: id.toString(16).padStart(16, '0'),
      inode,
      name: of,
    }));
    await opened.store.insertReports([{ ...told, host: { ...told.host, name }, netns } as typeof told]);
  }
});
afterAll(async () => opened.close());

const cgroupOf = ({ id, path, container_id, unit, pod_uid }: (typeof CGROUPS)[number]) => ({
  cgroup_id: String(id),
  path,
  container_id,
  unit,
  pod_uid,
});

const padded = (text: string) => BigInt(`0x${Buffer.from(text).toString('hex').padEnd(32, '0')}`);

/** The number of a fact, from the values that the row was made of. */
function factOf({ kind, values }: AnyRow, fact: Fact): bigint {
  const number = (column: string): bigint => {
    const value = values[column] ?? 0;
    if (typeof value !== 'string') return BigInt(value);
    return column.endsWith('_addr') ? BigInt(`0x${value}`) : padded(value);
  };
  if (fact === 'kind') return BigInt(KIND.indexOf(kind));
  if (fact !== 'service_port') return number(factLayout(fact).column);
  const [local, peer] = [number('local_port'), number('peer_port')];
  if (values['role'] === ROLE.indexOf('server') || values['state'] === STATE.indexOf('listen')) return local;
  return values['role'] === ROLE.indexOf('client') || peer < local ? peer : local;
}

/** What a name means for a row, by the tables above. */
function isNamed(row: AnyRow, { fact, field, label, values, isNegated }: Named): boolean {
  if (!factLayout(fact).kinds.has(row.kind)) return false;
  const host = factOf(row, 'host_id');
  const wanted = values.map(({ text }) => text);
  const among = (found: boolean, known: boolean) => (isNegated ? known && !found : found);
  if (field === 'reason') return wanted.includes(String(row.values['reason']));
  if (field === 'host')
    return among(
      wanted.some((text) => hostOf(text) === host),
      true,
    );
  const id = factOf(row, fact);
  if (field === 'label') {
    const value = LABELS.get(String(host))?.[label];
    return among(wanted.includes(value ?? ''), value !== undefined);
  }
  if (field === 'netns') {
    const own = NETNS.filter((one) => one.host === host && one.id === id);
    const is = (text: string) => own.some(({ name, inode }) => name === text || String(inode) === text);
    return among(wanted.some(is), id !== 0n);
  }
  const own = CGROUPS.find((one) => one.host === host && one.id === id);
  if (field === 'cgroup') {
    const below = (text: string) =>
      own !== undefined &&
      (own.unit === text || own.path.split('/').includes(text) || (text.length >= 12 && own.container_id.startsWith(text)));
    return among(
      wanted.some((text) => (/^\d{1,3}$/.test(text) ? String(id) === text : below(text))),
      id !== 0n,
    );
  }
  const has = { container: own?.container_id, pod: own?.pod_uid, unit: own?.unit }[field] ?? '';
  return among(
    wanted.some((text) => has === text || (field === 'container' && text.length >= 12 && has.startsWith(text))),
    has !== '',
  );
}

const hostOf = (text: string) => HOSTS[text as 'alpha'] ?? (/^\d$/.test(text) ? BigInt(text) : BigInt(`0x${text}`));

function matches(tree: Expression, row: AnyRow): boolean {
  switch (tree.op) {
    case 'and':
      return tree.terms.every((term) => matches(term, row));
    case 'or':
      return tree.terms.some((term) => matches(term, row));
    case 'not':
      return !matches(tree.term, row);
    case 'named':
      return isNamed(row, tree);
    case 'test':
      return evaluate(tree, row.kind, (fact) => factOf(row, fact));
  }
}

async function found(expression: string): Promise<string[]> {
  const filter = await storedFilter(namer, expression);
  const params = new Params();
  const asked = FILTERED_KINDS.map(
    (kind) => `SELECT concat('${kind} ', toString(batch_row)) AS row FROM ${kind} FINAL WHERE ${conditionOf(filter, kind, 'rows', params)}`,
  );
  const answer = await opened.store.query<{ row: string }>(asked.join(' UNION ALL '), params.values, ROWS);
  return answer.map(({ row }) => row).sort();
}

/** Undefined: nothing could match it, so it is refused. */
function wantedOf(expression: string): string[] | undefined {
  try {
    const tree = parseExpression(expression, 'rows');
    return rows
      .filter((row) => matches(tree, row))
      .map(({ kind, at }) => `${kind} ${at}`)
      .sort();
  } catch (error) {
    if (error instanceof FilterError && error.code === 'filter_never') return undefined;
    throw error;
  }
}

test('random expressions over random rows', async () => {
  const counts = { matched: 0, asked: 0 };
  await fc.assert(
    fc.asyncProperty(anyExpression, async (expression) => {
      const wanted = wantedOf(expression);
      fc.pre(wanted !== undefined);
      expect(await found(expression)).toEqual(wanted);
      counts.asked += rows.length;
      counts.matched += wanted?.length ?? 0;
    }),
    tries(150),
  );
  // Neither answer may be rare, or the equality would say little.
  expect(counts.matched / counts.asked).toBeGreaterThan(0.1);
  expect(counts.matched / counts.asked).toBeLessThan(0.9);
});

test('a host that joined without a label is neither of a value of it nor of another', async () => {
  const wanted = (host: bigint) => rows.filter(({ values }) => values['host_id'] === host).map(({ kind, at }) => `${kind} ${at}`);
  expect(await found('label.rack != r1')).toEqual(wanted(2n).sort());
});

test.each([
  ['host = gamma', 'no host with the name or id "gamma" is known here'],
  ['unit = ngnix.service', 'no unit "ngnix.service" is known here'],
  ['cgroup in (7, nobody)', 'no cgroup with the path, unit or container "nobody" is known here'],
  ['netns = db', 'no network namespace "db" is known here'],
])('%s is refused', async (expression, problem) => {
  await expect(storedFilter(namer, expression)).rejects.toMatchObject({ code: 'filter_value', problem });
});

test.each([
  ['host = alpha and label.rack = r1', 'tiers'],
  ['kind = retransmit', 'rows'],
  ['host = alpha and process = nginx', 'minutes'],
  ['peer = 10.0.0.0/24 or unit = nginx.service', 'minutes'],
  ['peer not in (10.0.0.0/24, 2001:db8::/64)', 'minutes'],
  ['peer = ::/0 and role = client and service_port = 443', 'minutes'],
  ['peer = 10.0.0.0/25', 'rows'],
  ['peer = ::1', 'rows'],
  ['process = nginx and srtt > 1ms', 'rows'],
  ['port = 443', 'rows'],
])('%s is answered from %s', async (expression, place) => {
  expect(placeOf(await storedFilter(namer, expression)).place).toBe(place);
});

test.each(FIELD_NAMES)('%s is answered where its table says', async (name) => {
  const word = name === 'label' ? 'label.rack' : name;
  const filter = await storedFilter(namer, `${word} = ${name === 'peer' ? '10.0.0.0/24' : valuesOf(name)[0]}`);
  expect(placeOf(filter).place).toBe(FIELDS[name].places.at(-1));
});

test('networks have all their addresses, and no others', () => {
  const near = fc.constantFrom(
    0n,
    1n,
    IPV4[0],
    IPV4[0] + 255n,
    IPV4[0] + 256n,
    IPV4[1],
    IPV4[1] + 1n,
    (1n << 64n) - 1n,
    1n << 64n,
    (1n << 128n) - 1n,
  );
  const end = fc.oneof(near, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }));
  const ranges = fc.tuple(end, end).map(([a, b]) => [a < b ? ([a, b] as const) : ([b, a] as const)]);
  const networkOf = (address: bigint) => (includes([IPV4], address) ? address - (address % 256n) : address - (address % (1n << 64n)));
  fc.assert(
    fc.property(ranges, end, (set, address) => {
      const networks = networksOf(set);
      fc.pre(networks !== undefined);
      expect(includes(networks ?? [], networkOf(address))).toBe(includes(set, address));
    }),
    tries(2000),
  );
});
