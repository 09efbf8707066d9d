// Where “investigate” leads: to the form, filled in. Expressions name addresses and ports wherever these suffice, since only of such tests is
// known what they mean at a connection's other end. Pure.
import { parseConnections } from '../agent/contract/language/connections.ts';
import { FilterError } from '../agent/contract/language/filter-error.ts';
import { parseHosts } from '../agent/contract/language/hosts.ts';
import { parseSyntax } from '../agent/contract/language/syntax.ts';
import { allOf, testOf } from '../agent/contract/language/write.ts';
import type { Connection, Edge, Retransmit } from '../server/api.ts';
import { INVESTIGATIONS_START } from './investigations-view.ts';
import type { ViewState } from './view-state.ts';

/** What is true of every connection. */
const ALL = 'port >= 1';

const toForm = (filter: string, hosts = ''): Partial<ViewState> => ({
  page: 'investigations',
  filter,
  investigations: { ...INVESTIGATIONS_START, hosts },
  connection: null,
  panel: null,
});

/** Which end has the port of the service, as this host sees it. */
const SERVICE = { client: 'peer_port', server: 'local_port', unknown: 'port' } as const satisfies Record<Edge['role'], string>;

/** Connections with a peer, over the port of the service. @param port 0: not known */
export function investigateEdge({ role, peer_addr, port }: Pick<Edge, 'role' | 'peer_addr' | 'port'>): Partial<ViewState> {
  const service = port === 0 ? '' : testOf(SERVICE[role], '=', String(port));
  return toForm(allOf(testOf('peer', '=', peer_addr), service));
}

/** Those of a listener. */
export const investigateListener = ({ port }: { port: number }): Partial<ViewState> => toForm(testOf('local_port', '=', String(port)));

type Ends = Pick<Retransmit, 'role' | 'local_port' | 'peer_addr' | 'peer_port'>;

/** Those like this one: it may be over. */
export function investigateLike({ role, local_port, peer_addr, peer_port }: Ends): Partial<ViewState> {
  const port = { client: peer_port, server: local_port, unknown: 0 }[role];
  return investigateEdge({ role, peer_addr, port });
}

/** The connection alone while it lives, then those like it. */
export function investigateConnection(connection: Ends & Pick<Connection, 'local_addr' | 'closed_ms'>): Partial<ViewState> {
  if (connection.closed_ms !== null) return investigateLike(connection);
  const ends = (['local', 'peer'] as const).flatMap((end) => [
    testOf(end, '=', connection[`${end}_addr`]),
    testOf(`${end}_port`, '=', String(connection[`${end}_port`])),
  ]);
  return toForm(allOf(...ends));
}

/** What a page is filtered to, as far as it says which connections and which hosts. */
export function investigateFilter(filter: string): Partial<ViewState> {
  const terms = termsOf(filter);
  const hosts = terms.filter((term) => isSound(parseHosts, term));
  const connections = terms.filter((term) => isSound(parseConnections, term));
  return toForm(allOf(...connections) || ALL, allOf(...hosts));
}

/** What has to be true together. */
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
