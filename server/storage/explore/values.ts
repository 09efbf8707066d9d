// Suggests values of a field for the editor of filters: values that occur and begin with the typed text, the most frequent first.
import { type Fact, factLayout } from '../../../agent/contract/language/facts.ts';
import { FIELD_NAMES, type FieldType, fieldNamed } from '../../../agent/contract/language/fields.ts';
import { nearest } from '../../../agent/contract/language/nearest.ts';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import type { Values, ValuesQuery } from '../../api/explore.ts';
import { SERVICE_PORT } from '../figures.ts';
import { storedFilter } from '../language/names.ts';
import { rowsOf, type Window, windowOf } from '../queries/window.ts';
import { checkRead, type Explorer } from './explore.ts';
import { ExploreError } from './plan.ts';

const LIMIT = 20;
/** Fields of these types get no suggestions: nobody looks up a measured value. */
const MEASURED: readonly FieldType[] = ['duration', 'bytes'];
/** Kinds whose rows are searched. The kinds with the most rows are left out, since they have no other values. */
const COUNTED: readonly Kind[] = ['connection', 'retransmit', 'reset', 'drop', 'listener', 'congestion'];
/** Limit of the searched time: the editor cannot wait, so of a longer range only the newest part is searched. */
const NEWEST_MS = 6 * 3_600_000;

/** Fields whose values hosts report as names: the table and column of these. */
const REPORTED = {
  host: { table: 'host', column: 'name' },
  unit: { table: 'cgroup', column: 'unit' },
  container: { table: 'cgroup', column: 'container_id' },
  pod: { table: 'cgroup', column: 'pod_uid' },
  cgroup: { table: 'cgroup', column: "if(unit = '', path, unit)" },
  netns: { table: 'netns', column: 'name' },
} as const;

/** @throws ExploreError, FilterError */
export async function valuesOf(explorer: Explorer, asked: ValuesQuery, now_ms: number): Promise<Values> {
  const { field: word, prefix = '', limit = LIMIT } = asked;
  if (word === 'label') return counted(labelNames(explorer), prefix, limit);
  const found = fieldNamed(word);
  if (found === undefined) throw new ExploreError('request_invalid', `there is no field ${word}: ${meant(word)}`);
  const { name, field, label } = found;
  if (MEASURED.includes(field.type)) throw new ExploreError('request_invalid', `${word} is measured: its values are not listed`);
  if (name === 'label')
    return counted(
      [...explorer.labels().values()].flatMap((of) => of[label] ?? []),
      prefix,
      limit,
    );
  if (name in REPORTED) return reported(explorer, REPORTED[name as keyof typeof REPORTED], prefix, limit);
  const filter = await storedFilter(explorer, asked.filter);
  const whole = windowOf({ ...asked, filter }, now_ms, 'rows');
  const from = Math.max(whole.from_ms, whole.to_ms - NEWEST_MS);
  const window = windowOf({ ...asked, from, to: whole.to_ms, filter }, now_ms, 'rows');
  const values = await ofRows(explorer, field.facts, window, prefix, limit);
  return from === whole.from_ms ? values : { ...values, of: 'rows of the newest six hours' };
}

const meant = (word: string) => {
  const near = nearest(word, FIELD_NAMES);
  return near === undefined ? `choose from ${FIELD_NAMES.join(', ')}` : `did you mean ${near}?`;
};

const labelNames = ({ labels }: Explorer): string[] => [...labels().values()].flatMap((of) => Object.keys(of));

function counted(texts: readonly string[], prefix: string, limit: number): Values {
  const groups = Map.groupBy(
    texts.filter((text) => text.startsWith(prefix)),
    (text) => text,
  );
  const values = [...groups].map(([text, all]) => ({ text, count: all.length }));
  return { values: values.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)).slice(0, limit), of: 'hosts' };
}

async function reported(
  { store }: Explorer,
  { table, column }: { table: string; column: string },
  prefix: string,
  limit: number,
): Promise<Values> {
  const values = await store.query<Values['values'][number]>(
    `SELECT ${column} AS text, uniqExact(t.host_id) AS count FROM ${table} AS t FINAL
WHERE text != '' AND startsWith(text, {prefix:String}) GROUP BY text ORDER BY count DESC, text LIMIT {limit:UInt32}`,
    { prefix, limit },
    limit,
  );
  return { values, of: 'hosts' };
}

async function ofRows(explorer: Explorer, facts: readonly Fact[], window: Window, prefix: string, limit: number): Promise<Values> {
  const begins = `startsWith(text, ${window.params.bind('String', prefix)})`;
  const kindsOf = (fact: Fact): readonly Kind[] => {
    const counted = COUNTED.filter((kind) => factLayout(fact).kinds.has(kind));
    return counted.length > 0 ? counted : [...factLayout(fact).kinds];
  };
  const selects = facts.flatMap((fact) =>
    kindsOf(fact).map((kind) => `SELECT ${textOf(fact, kind)} AS text, count() AS n FROM ${rowsOf(kind, window)} GROUP BY text`),
  );
  const sql = `SELECT text, sum(n) AS count FROM (${selects.join('\nUNION ALL ')}) WHERE text != '' AND ${begins}
GROUP BY text ORDER BY count DESC, text LIMIT {limit:UInt32}`;
  const params = { ...window.params.values, limit };
  await checkRead(explorer, sql, params, () => 'ask of a shorter time');
  return { values: await explorer.store.query<Values['values'][number]>(sql, params, limit), of: 'rows' };
}

/** The value as written in an expression; '' for an unknown value. */
function textOf(fact: Fact, kind: Kind): string {
  if (fact === 'service_port') return `if(${SERVICE_PORT} = 0, '', toString(${SERVICE_PORT}))`;
  if (fact === 'kind') return `'${kind}'`;
  if (fact === 'reset_reason' || fact === 'drop_reason') return 'toString(reason)';
  const { column, domain, names } = factLayout(fact);
  if (column.endsWith('_addr')) return `replaceRegexpOne(toString(${column}), '^::ffff:([0-9.]+)$', '\\\\1')`;
  return names === undefined && domain[0] > 0n
    ? `if(${column} = ${fact === 'comm' ? "''" : '0'}, '', toString(${column}))`
    : `toString(${column})`;
}
