// The part of a link that describes the page of retransmissions: the pairs of the matrix, and the time to compare with. Pure.

/** How much earlier the time to compare with is. `previous`: just before the range, and of the same length. */
export const AGAINST = {
  previous: { label: 'the time just before', seconds: undefined },
  day: { label: 'the same time a day before', seconds: 86_400 },
  week: { label: 'the same time a week before', seconds: 7 * 86_400 },
} as const;
export type Against = keyof typeof AGAINST;

/** The sides of the matrix, as dimensions of the API. */
export const PAIRS = {
  hosts: { label: 'host × host', own: 'host', peer: 'peer_host' },
  networks: { label: 'network × network', own: 'local_network', peer: 'network' },
} as const;
export type Pairs = keyof typeof PAIRS;

export type RetransmitsView = { against: Against; pairs: Pairs };
export const RETRANSMITS_START: RetransmitsView = { against: 'previous', pairs: 'hosts' };
export const RETRANSMITS_KEYS: readonly string[] = Object.keys(RETRANSMITS_START);

const isAgainst = (text: string): text is Against => Object.hasOwn(AGAINST, text);
const isPairs = (text: string): text is Pairs => Object.hasOwn(PAIRS, text);

/** `problems`: what could not be used. */
export function parseRetransmitsView(params: URLSearchParams): { view: RetransmitsView; problems: string[] } {
  const problems: string[] = [];
  const retransmits = { ...RETRANSMITS_START };
  const [against, pairs] = [params.get('against'), params.get('pairs')];
  if (against !== null) {
    if (isAgainst(against)) retransmits.against = against;
    else problems.push(`against=${against}: known are ${Object.keys(AGAINST).join(', ')}.`);
  }
  if (pairs !== null) {
    if (isPairs(pairs)) retransmits.pairs = pairs;
    else problems.push(`pairs=${pairs}: known are ${Object.keys(PAIRS).join(', ')}.`);
  }
  return { view: retransmits, problems };
}

export function formatRetransmitsView({ against, pairs }: RetransmitsView, params: URLSearchParams): void {
  if (against !== RETRANSMITS_START.against) params.set('against', against);
  if (pairs !== RETRANSMITS_START.pairs) params.set('pairs', pairs);
}

/** How much earlier the time to compare with is, s. */
export const earlierOf = ({ against }: RetransmitsView, span_ms: number): number =>
  AGAINST[against].seconds ?? Math.max(1, Math.round(span_ms / 1000));
