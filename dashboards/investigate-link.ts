// Links to the form of an investigation, filled in. Expressions use addresses and ports if these suffice, since only such tests have a
// known meaning at the other end of a connection. Pure.
import { parseConnections } from '../agent/contract/language/connections.ts';
import { FilterError } from '../agent/contract/language/filter-error.ts';
import { parseHosts } from '../agent/contract/language/hosts.ts';
import { parseSyntax } from '../agent/contract/language/syntax.ts';
import { allOf, testOf } from '../agent/contract/language/write.ts';
import type { Connection, Edge, Retransmit } from '../server/api.ts';
import { INVESTIGATIONS_START } from './investigations-view.ts';
import type { ViewState } from './view-state.ts';

/** Matches every connection. */
const ALL = 'port >= 1';

const toForm = (filter: string, hosts = ''): Partial<ViewState> => ({
  page: 'investigations',
  filter,
  investigations: { ...INVESTIGATIONS_START, hosts },
  connection: null,
  panel: null,
});

/** The field of the service's port, as this host sees it. */
const SERVICE = { client: 'peer_port', server: 'local_port', unknown: 'port' } as const satisfies Record<Edge['role'], string>;

/** Connections with this peer and service port. @param port 0: unknown */
export function investigateEdge({ role, peer_addr, port }: Pick<Edge, 'role' | 'peer_addr' | 'port'>): Partial<ViewState> {
  const service = port === 0 ? '' : testOf(SERVICE[role], '=', String(port));
  return toForm(allOf(testOf('peer', '=', peer_addr), service));
}

/** Connections to this listener. */
export const investigateListener = ({ port }: { port: number }): Partial<ViewState> => toForm(testOf('local_port', '=', String(port)));

type Ends = Pick<Retransmit, 'role' | 'local_port' | 'peer_addr' | 'peer_port'>;

/** Connections like this one, which may have ended. */
export function investigateLike({ role, local_port, peer_addr, peer_port }: Ends): Partial<ViewState> {
  const port = { client: peer_port, server: local_port, unknown: 0 }[role];
  return investigateEdge({ role, peer_addr, port });
}

/** Only this connection while it lives; connections like it afterwards. */
export function investigateConnection(connection: Ends & Pick<Connection, 'local_addr' | 'closed_ms'>): Partial<ViewState> {
  if (connection.closed_ms !== null) return investigateLike(connection);
  const ends = (['local', 'peer'] as const).flatMap((end) => [
    testOf(end, '=', connection[`${end}_addr`]),
    testOf(`${end}_port`, '=', String(connection[`${end}_port`])),
  ]);
  return toForm(allOf(...ends));
}

/** The connections and hosts that the page's filter selects, as far as it names them. */
export function investigateFilter(filter: string): Partial<ViewState> {
  const terms = termsOf(filter);
  const hosts = terms.filter((term) => isSound(parseHosts, term));
  const connections = terms.filter((term) => isSound(parseConnections, term));
  return toForm(allOf(...connections) || ALL, allOf(...hosts));
}

/** The terms of the expression that are joined by "and". */
function termsOf(filter: string): string[] {
  if (!isSound(parseSyntax, filter)) return [];
  const whole = parseSyntax(filter);
  return (whole.op === 'and' ? whole.terms : [whole]).map(({ span }) => filter.slice(span.start, span.end));
}

function isSound(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (cause) {
    if (cause instanceof FilterError) return false;
    throw cause;
  }
}
