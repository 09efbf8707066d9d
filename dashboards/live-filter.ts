// Whether a row of the live feed matches the filter, by the same `evaluate` as elsewhere. Rows of the feed are retransmissions, and lack
// some members of stored rows.
import { parseAddress } from '../agent/contract/language/address.ts';
import { parseExpression } from '../agent/contract/language/bind.ts';
import { type Fact, factLayout } from '../agent/contract/language/facts.ts';
import { FilterError } from '../agent/contract/language/filter-error.ts';
import { type Expression, evaluate, type Named, type Test, withLeaves } from '../agent/contract/language/tree.ts';
import { processNumber } from '../agent/contract/language/values.ts';
import type { Retransmit } from '../server/api.ts';

/** `untold`: tests that live rows do not have the data for. If there are any, no row matches. */
export type LiveFilter = { matches: (row: Retransmit) => boolean; untold: readonly string[] };

const KIND = 'retransmit';

/** A text that is no expression matches no row; the collector says what is wrong. */
export function liveFilter(expression: string): LiveFilter {
  if (expression === '') return { matches: () => true, untold: [] };
  const tree = parsed(expression);
  if (tree === undefined) return { matches: () => false, untold: [] };
  const untold = new Set<string>();
  withLeaves(tree, (leaf) => {
    if (!isTold(leaf)) untold.add(expression.slice(leaf.span.start, leaf.span.end));
    return leaf;
  });
  if (untold.size > 0) return { matches: () => false, untold: [...untold] };
  return { matches: (row) => evaluate(withNames(tree, row), KIND, (fact) => FACTS[fact]?.(row) ?? 0n), untold: [] };
}

function parsed(expression: string): Expression | undefined {
  try {
    return parseExpression(expression, 'rows');
  } catch (cause) {
    if (cause instanceof FilterError) return undefined;
    throw cause;
  }
}

/** Whether live rows can answer the test. A test of a fact that no retransmission has is always false, so it can be answered. */
function isTold(leaf: Test | Named): boolean {
  if (leaf.fact !== 'kind' && !factLayout(leaf.fact).kinds.has(KIND)) return true;
  return leaf.op === 'named' ? leaf.field === 'host' : FACTS[leaf.fact] !== undefined;
}

const withNames = (tree: Expression, row: Retransmit) =>
  withLeaves<Test | Named, Test>(tree, (leaf) => (leaf.op === 'named' ? ofHost(leaf, row) : leaf));

function ofHost({ fact, values, isNegated, span }: Named, row: Retransmit): Test {
  const is = values.some(
    ({ text }) => text === row.host || text === row.host_id || (/^[0-9a-f]{16}$/.test(text) && String(BigInt(`0x${text}`)) === row.host_id),
  );
  return { op: 'test', fact, ranges: is === isNegated ? [] : [factLayout(fact).domain], span };
}

const named = (fact: Fact, name: string): bigint => BigInt(factLayout(fact).names?.indexOf(name) ?? -1);

/** The facts that a live row has. */
const FACTS: Partial<Record<Fact, (row: Retransmit) => bigint>> = {
  kind: () => named('kind', KIND),
  host_id: ({ host_id }) => BigInt(host_id),
  connection_id: ({ connection_id }) => BigInt(connection_id),
  local_addr: ({ local_addr }) => parseAddress(local_addr) ?? -1n,
  peer_addr: ({ peer_addr }) => parseAddress(peer_addr) ?? -1n,
  local_port: ({ local_port }) => BigInt(local_port),
  peer_port: ({ peer_port }) => BigInt(peer_port),
  service_port: (row) => BigInt(servicePort(row)),
  comm: ({ comm }) => processNumber(comm),
  pid: ({ pid }) => BigInt(pid),
  role: ({ role }) => named('role', role),
  state: ({ state }) => named('state', state),
  ca_state: ({ ca_state }) => named('ca_state', ca_state),
  class: (row) => named('class', row.class),
  outcome: ({ outcome }) => named('outcome', outcome),
  srtt_us: ({ srtt_us }) => BigInt(srtt_us),
  segments: ({ segments }) => BigInt(segments),
};

/** The port that the server's end listens on; the lower port if it is unknown which end that is. */
function servicePort({ role, local_port, peer_port }: Retransmit): number {
  if (role === 'unknown') return Math.min(local_port, peer_port);
  return role === 'server' ? local_port : peer_port;
}
