// The part of a link that describes the list of connections. Pure.
import type { CONNECTION_SORTS, ListedConnection, PHASES } from '../server/api.ts';
import { END_REASON_WORDS, STATE_WORDS } from './words.ts';

export const CONNECTION_ORDERS: typeof CONNECTION_SORTS = [
  'last_ms',
  'duration_us',
  'state_us',
  'connect_us',
  'bytes',
  'retransmit_ratio',
  'retrans',
  'srtt_us',
  'turn_max_us',
  'stall_max_us',
  'unread',
  'notsent',
];
export const ALL_PHASES: typeof PHASES = ['live', 'ended', 'failed'];
export type ConnectionOrder = (typeof CONNECTION_ORDERS)[number];
export type Phase = (typeof ALL_PHASES)[number];

const CHOICES = {
  phase: ALL_PHASES,
  reason: Object.keys(END_REASON_WORDS) as ListedConnection['end_reason'][],
  state: Object.keys(STATE_WORDS) as ListedConnection['state'][],
  by: CONNECTION_ORDERS,
} as const;

/** `reason`: why connections ended. `by`: the sort key, the largest first. */
export type ConnectionsView = {
  phase?: Phase;
  reason?: ListedConnection['end_reason'];
  state?: ListedConnection['state'];
  by: ConnectionOrder;
};
export const CONNECTIONS_START: ConnectionsView = { by: 'last_ms' };
export const CONNECTIONS_KEYS: readonly string[] = Object.keys(CHOICES);

/** `problems`: what could not be used. */
export function parseConnectionsView(params: URLSearchParams): { view: ConnectionsView; problems: string[] } {
  const problems: string[] = [];
  const read = <Word extends string>(key: string, words: readonly Word[]): Word | undefined => {
    const text = params.get(key);
    const word = words.find((one) => one === text);
    if (text !== null && word === undefined) problems.push(`${key}=${text}: known are ${words.join(', ')}.`);
    return word;
  };
  const [phase, reason, state] = [read('phase', CHOICES.phase), read('reason', CHOICES.reason), read('state', CHOICES.state)];
  const connections = {
    by: read('by', CHOICES.by) ?? CONNECTIONS_START.by,
    ...(phase && { phase }),
    ...(reason && { reason }),
    ...(state && { state }),
  };
  return { view: connections, problems };
}

export function formatConnectionsView({ by, ...chosen }: ConnectionsView, params: URLSearchParams): void {
  for (const [key, value] of Object.entries(chosen)) if (value) params.set(key, value);
  if (by !== CONNECTIONS_START.by) params.set('by', by);
}

/** The parameters of the API. */
export const connectionsQuery = ({ by, phase, reason, state }: ConnectionsView): Record<string, string> => ({
  sort: by,
  ...(phase && { phase }),
  ...(reason && { end_reason: reason }),
  ...(state && { state }),
});
