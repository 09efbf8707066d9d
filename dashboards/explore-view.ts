// The part of a link that describes a question: the metric, its grouping, and the earlier time to compare with. Pure.

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** How much earlier the time to compare with is. */
export const EARLIER = {
  hour: { label: 'an hour before', seconds: HOUR_S },
  day: { label: 'a day before', seconds: DAY_S },
  week: { label: 'a week before', seconds: 7 * DAY_S },
} as const;
export type Earlier = keyof typeof EARLIER;

/** The collector's limit of dimensions. */
export const BY_MOST = 3;

export type ExploreView = { metric: string; by: readonly string[]; earlier?: Earlier | undefined };
export const EXPLORE_START: ExploreView = { metric: 'connects', by: ['process'] };
export const EXPLORE_KEYS: readonly string[] = ['metric', 'by', 'earlier'];

const isEarlier = (text: string): text is Earlier => Object.hasOwn(EARLIER, text);
/** The form of names. Which names exist only the collector knows, and it refuses others. */
const NAME = /^[\w.-]{1,80}$/;

/** `problems`: what could not be used. */
export function parseExploreView(params: URLSearchParams): { view: ExploreView; problems: string[] } {
  const problems: string[] = [];
  const [metric, by, earlier] = ['metric', 'by', 'earlier'].map((key) => params.get(key));
  const explore: ExploreView = { ...EXPLORE_START };
  if (metric !== null && metric !== undefined) {
    if (NAME.test(metric)) explore.metric = metric;
    else problems.push(`metric=${metric}: that is no name of a metric.`);
  }
  if (by !== null && by !== undefined) {
    const names = by.split(',').filter((name) => name !== '');
    if (names.length <= BY_MOST && names.every((name) => NAME.test(name))) explore.by = names;
    else problems.push(`by=${by}: at most ${BY_MOST} names, with commas between them.`);
  }
  if (earlier !== null && earlier !== undefined) {
    if (isEarlier(earlier)) explore.earlier = earlier;
    else problems.push(`earlier=${earlier}: known are ${Object.keys(EARLIER).join(', ')}.`);
  }
  return { view: explore, problems };
}

export function formatExploreView({ metric, by, earlier }: ExploreView, params: URLSearchParams): void {
  if (metric !== EXPLORE_START.metric) params.set('metric', metric);
  if (by.join() !== EXPLORE_START.by.join()) params.set('by', by.join());
  if (earlier) params.set('earlier', earlier);
}

/** The parameters of the API, without the time. */
export function exploreQuery({ metric, by, earlier }: ExploreView, step: 'none' | 'auto'): Record<string, string> {
  return {
    metrics: metric,
    by: by.join(),
    step,
    ...(step === 'auto' ? { top: '6' } : { top: '50' }),
    ...(earlier && step === 'none' && { earlier: String(EARLIER[earlier].seconds) }),
  };
}
