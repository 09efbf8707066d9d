// The part of a link that describes the page of pile-ups: a state or all, and the order. Pure.
import type { PILE_SORTS, PILE_STATES } from '../server/api.ts';

export const PILE_ORDERS: typeof PILE_SORTS = ['connections', 'growth', 'oldest_us', 'median_us'];
export const PILED_STATES: typeof PILE_STATES = [
  'established',
  'syn_sent',
  'syn_recv',
  'fin_wait1',
  'fin_wait2',
  'close_wait',
  'last_ack',
  'closing',
];
export type PileOrder = (typeof PILE_ORDERS)[number];
export type PiledState = (typeof PILED_STATES)[number];

/** `by`: the sort key, the largest first. */
export type PilesView = { state?: PiledState; by: PileOrder };
export const PILES_START: PilesView = { by: 'connections' };
const CHOICES = { state: PILED_STATES, by: PILE_ORDERS } as const;
export const PILES_KEYS: readonly string[] = Object.keys(CHOICES);

/** `problems`: what could not be used. */
export function parsePilesView(params: URLSearchParams): { view: PilesView; problems: string[] } {
  const problems: string[] = [];
  const read = <Word extends string>(key: string, words: readonly Word[]): Word | undefined => {
    const text = params.get(key);
    const word = words.find((one) => one === text);
    if (text !== null && word === undefined) problems.push(`${key}=${text}: known are ${words.join(', ')}.`);
    return word;
  };
  const state = read('state', CHOICES.state);
  return { view: { by: read('by', CHOICES.by) ?? PILES_START.by, ...(state && { state }) }, problems };
}

export function formatPilesView({ by, state }: PilesView, params: URLSearchParams): void {
  if (state) params.set('state', state);
  if (by !== PILES_START.by) params.set('by', by);
}

/** The parameters of the API. */
export const pilesQuery = ({ by, state }: PilesView): Record<string, string> => ({ sort: by, ...(state && { state }) });
