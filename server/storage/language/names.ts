// Looks up names in an expression: names that hosts have reported, and labels that they have joined with.
import { parseExpression } from '../../../agent/contract/language/bind.ts';
import { factLayout } from '../../../agent/contract/language/facts.ts';
import { FilterError, type Span } from '../../../agent/contract/language/filter-error.ts';
import { type Range, union } from '../../../agent/contract/language/ranges.ts';
import { type Named, withLeaves } from '../../../agent/contract/language/tree.ts';
import { isNumber, readNumber } from '../../../agent/contract/language/values.ts';
import type { Queryable } from '../engine.ts';
import { EVERYTHING, type Pair, type StoredFilter } from './condition.ts';
import { Params } from './params.ts';

/** What a lookup needs: the store, and the labels of hosts by their id in decimal. */
export type Namer = { store: Queryable; labels: () => ReadonlyMap<string, Readonly<Record<string, string>>> };

/** Limit of hosts, cgroups or namespaces that a name stands for. */
const NAMED_MOST = 10_000;
/** The least length of a prefix of a container's id, as in the kernel's filters. */
const CONTAINER_CHARS_MIN = 12;

/**
 * The filter of an expression over stored rows; all rows for an empty expression.
 * @throws FilterError with the place of the error and a correction
 */
export async function storedFilter(namer: Namer, expression = ''): Promise<StoredFilter> {
  if (expression.trim() === '') return EVERYTHING;
  const tree = parseExpression(expression, 'rows');
  const named: Named[] = [];
  withLeaves(tree, (leaf) => {
    if (leaf.op === 'named') named.push(leaf);
    return leaf;
  });
  const found = new Map<Named, StoredFilter>();
  for (const one of named) found.set(one, await lookedUp({ ...namer, named: one, expression }));
  return withLeaves(tree, (leaf) => (leaf.op === 'named' ? (found.get(leaf) ?? EVERYTHING) : leaf));
}

type Asked = Namer & { named: Named; expression: string };
type Value = Named['values'][number];

function lookedUp(asked: Asked): Promise<StoredFilter> | StoredFilter {
  const { fact, field, values, span } = asked.named;
  switch (field) {
    case 'reason':
      return { op: 'listed', fact, names: values.map(({ text }) => text), span };
    case 'host':
      return hosts(asked);
    case 'label':
      return labelled(asked);
    case 'netns':
    case 'cgroup':
      return ids(asked, field);
    default:
      return groups(asked, field);
  }
}

function refuse({ expression }: Asked, problem: string, span: Span): never {
  throw new FilterError('filter_value', problem, expression, span);
}

const numbers = (found: readonly bigint[]) => union(found.map((id): Range => [id, id]));

/** Matches where the fact is known and the term does not match. */
function other({ named: { fact, span } }: Asked, term: StoredFilter): StoredFilter {
  const known: StoredFilter = { op: 'test', fact, ranges: [factLayout(fact).domain], span };
  return { op: 'and', terms: [known, { op: 'not', term, span }], span };
}

async function hosts(asked: Asked): Promise<StoredFilter> {
  const { fact, values, isNegated, span } = asked.named;
  const found: bigint[] = [];
  for (const { text, span: place } of values) {
    const params = new Params();
    const sql = `SELECT toString(h.host_id) AS id FROM host AS h FINAL WHERE name = ${params.bind('String', text)} LIMIT ${NAMED_MOST}`;
    const rows = await asked.store.query<{ id: string }>(sql, params.values, NAMED_MOST);
    const reported = rows.map(({ id }) => BigInt(id));
    found.push(
      ...(reported.length > 0 ? reported : (hostId(text) ?? refuse(asked, `no host with the name or id "${text}" is known here`, place))),
    );
  }
  const is: StoredFilter = { op: 'test', fact, ranges: numbers(found), span };
  return isNegated ? other(asked, is) : is;
}

/** The id, from decimal, or from hex digits, which are shown in place of an unknown name. */
function hostId(text: string): bigint[] | undefined {
  if (isNumber(text)) return BigInt(text) < 1n << 64n ? [BigInt(text)] : undefined;
  return /^[0-9a-f]{16}$/.test(text) ? [BigInt(`0x${text}`)] : undefined;
}

/** A host without the label matches neither `=` nor `!=`. */
function labelled({ labels, named: { fact, label, values, isNegated, span } }: Asked): StoredFilter {
  const wanted = values.map(({ text }) => text);
  const having = [...labels()].flatMap(([host_id, of]) => (of[label] === undefined ? [] : [{ host_id, value: of[label] }]));
  const found = having.filter(({ value }) => wanted.includes(value) !== isNegated);
  return { op: 'test', fact, ranges: numbers(found.map(({ host_id }) => BigInt(host_id))), span };
}

/** A name of a cgroup or namespace stands for an id on each host. A plain number stands for that id on every host. */
async function ids(asked: Asked, field: 'cgroup' | 'netns'): Promise<StoredFilter> {
  const { fact, values, isNegated, span } = asked.named;
  const terms: StoredFilter[] = [];
  for (const value of values) {
    const pairs = field === 'cgroup' && isNumber(value.text) ? [] : await pairsOf(asked, conditionsOf(field)([value]));
    if (pairs.length > 0) terms.push({ op: 'listed', fact, pairs, span });
    else if (isNumber(value.text)) terms.push({ op: 'test', fact, ranges: plainNumber(asked, value), span });
    else
      refuse(
        asked,
        `no ${field === 'cgroup' ? 'cgroup with the path, unit or container' : 'network namespace'} "${value.text}" is known here`,
        value.span,
      );
  }
  const is: StoredFilter = { op: 'or', terms, span };
  return isNegated ? other(asked, is) : is;
}

function plainNumber(asked: Asked, { text, span }: Value) {
  const { domain } = factLayout(asked.named.fact);
  return readNumber({ text, domain, refuse: (problem) => refuse(asked, problem, span) });
}

/** Cgroups that belong to a container, pod or unit of these names; if negated, to another one. */
async function groups(asked: Asked, field: 'container' | 'pod' | 'unit'): Promise<StoredFilter> {
  const { fact, values, isNegated, span } = asked.named;
  const condition = conditionsOf(field);
  const all = condition(values);
  const { column } = NAMED[field];
  if (isNegated)
    return { op: 'listed', fact, pairs: await pairsOf(asked, { ...all, where: `${column} != '' AND NOT (${all.where})` }), span };
  const pairs: Pair[] = [];
  for (const value of values) {
    const found = await pairsOf(asked, condition([value]));
    if (found.length === 0) refuse(asked, `no ${field} "${value.text}" is known here`, value.span);
    pairs.push(...found);
  }
  return { op: 'listed', fact, pairs, span };
}

type Condition = { table: 'cgroup' | 'netns'; where: string; params: Params };

async function pairsOf(asked: Asked, { table, where, params }: Condition): Promise<Pair[]> {
  const id = table === 'cgroup' ? 'cgroup_id' : 'netns';
  const rows = await asked.store.query<{ host: string; id: string }>(
    `SELECT toString(t.host_id) AS host, toString(t.${id}) AS id FROM ${table} AS t FINAL WHERE ${where} LIMIT ${NAMED_MOST + 1}`,
    params.values,
    NAMED_MOST + 1,
  );
  if (rows.length > NAMED_MOST) refuse(asked, `these names stand for more than ${NAMED_MOST} in the fleet: name fewer`, asked.named.span);
  return rows.map(({ host, id: own }) => [host, own]);
}

type ConditionOf = (text: string, params: Params) => string;

function containerOf(text: string, params: Params): string {
  const name = params.bind('String', text);
  return text.length < CONTAINER_CHARS_MIN ? `container_id = ${name}` : `startsWith(container_id, ${name})`;
}

/** The same condition as `cgroupsNamed` of the agent. */
function cgroupOf(text: string, params: Params): string {
  const [name, above] = [params.bind('String', text), params.bind('String', text.endsWith('/') ? text : `${text}/`)];
  const isPath = `startsWith(concat(path, '/'), ${above}) OR has(splitByChar('/', path), ${name})`;
  return `${isPath} OR unit = ${name} OR ${containerOf(text, params)}`;
}

const NAMED = {
  container: { table: 'cgroup', column: 'container_id', of: containerOf },
  pod: { table: 'cgroup', column: 'pod_uid', of: (text, params) => `pod_uid = ${params.bind('String', text)}` },
  unit: { table: 'cgroup', column: 'unit', of: (text, params) => `unit = ${params.bind('String', text)}` },
  cgroup: { table: 'cgroup', column: 'path', of: cgroupOf },
  netns: {
    table: 'netns',
    column: 'name',
    of: (text, params) => `name = ${params.bind('String', text)} OR toString(inode) = ${params.bind('String', text)}`,
  },
} as const satisfies Record<string, { table: Condition['table']; column: string; of: ConditionOf }>;

function conditionsOf(field: keyof typeof NAMED): (values: readonly Value[]) => Condition {
  const { table, of } = NAMED[field];
  return (values) => {
    const params = new Params();
    return { table, where: values.map(({ text }) => `(${of(text, params)})`).join(' OR '), params };
  };
}
