// The part of a link that describes the list of hosts. Pure.
import type { FleetSort, FleetState } from '../server/api.ts';

/** In the order of the page. */
export const STATES: readonly FleetState[] = ['silent', 'lagging', 'revoked', 'new', 'live', 'retired'];
const ORDERS: readonly FleetSort[] = ['name', 'state', 'version', 'kernel', 'rows', 'lost', 'waiting', 'heard'];
const WORDS = ['text', 'label', 'version', 'kernel', 'group'] as const;
/** The parameter for the page of one host, by id or name. */
const HOST = 'host';

/** `label`: as name=value. `group`: name of a label. Without `state`: all but retired hosts. */
export type FleetView = Partial<Record<(typeof WORDS)[number], string>> & { state?: FleetState; order: FleetSort; host?: string };

export const FLEET_START: FleetView = { order: 'state' };
export const FLEET_KEYS: readonly string[] = [...WORDS, 'state', 'order', HOST];

const oneOf = <Word extends string>(words: readonly Word[], text: string): Word | undefined => words.find((word) => word === text);

/** `problems`: what could not be used. */
export function parseFleetView(params: URLSearchParams): { view: FleetView; problems: string[] } {
  const problems: string[] = [];
  const fleet: FleetView = { ...FLEET_START };
  for (const word of [...WORDS, HOST] as const) {
    const value = params.get(word);
    if (value) fleet[word] = value;
  }
  const [state, order] = [params.get('state'), params.get('order')];
  const [knownState, knownOrder] = [oneOf(STATES, state ?? ''), oneOf(ORDERS, order ?? '')];
  if (knownState) fleet.state = knownState;
  else if (state !== null) problems.push(`state=${state}: hosts are ${STATES.join(', ')}.`);
  if (knownOrder) fleet.order = knownOrder;
  else if (order !== null) problems.push(`order=${order}: hosts are sorted by ${ORDERS.join(', ')}.`);
  return { view: fleet, problems };
}

export function formatFleetView({ order, ...words }: FleetView, params: URLSearchParams): void {
  for (const [key, value] of Object.entries(words)) if (value) params.set(key, value);
  if (order !== FLEET_START.order) params.set('order', order);
}

/** The parameters of the API. */
export function fleetQuery({ order, host: _host, ...words }: FleetView, limit: number): Record<string, string> {
  const given = Object.entries(words).filter(([, value]) => value !== undefined && value !== '');
  return { ...Object.fromEntries(given), sort: order, limit: String(limit) };
}
