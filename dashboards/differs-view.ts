// The part of a link that asks what differs in a time: the metric, the time, and the earlier time to compare with. Pure.
import { EARLIER, type Earlier } from './explore-view.ts';

/** `against`: how much earlier the time to compare with is; undefined: the time just before, four times as long. */
export type DiffersView = { metric: string; from_ms: number; to_ms: number; against?: Earlier | undefined };

const LINK = /^(\w{1,64}),(\d{1,15}),(\d{1,15})(?:,(\w+))?$/;
const isEarlier = (text: string | undefined): text is Earlier => text !== undefined && Object.hasOwn(EARLIER, text);

/** undefined if the text has another form */
export function parseDiffersView(text: string): DiffersView | undefined {
  const [, metric, from, to, against] = LINK.exec(text) ?? [];
  const [from_ms, to_ms] = [Number(from), Number(to)];
  if (metric === undefined || !(from_ms < to_ms)) return undefined;
  if (against === undefined) return { metric, from_ms, to_ms };
  return isEarlier(against) ? { metric, from_ms, to_ms, against } : undefined;
}

export const formatDiffersView = ({ metric, from_ms, to_ms, against }: DiffersView): string =>
  [metric, from_ms, to_ms, ...(against === undefined ? [] : [against])].join();

/** The parameters of the API. */
export function differsQuery({ metric, from_ms, to_ms, against }: DiffersView, filter: string): Record<string, string> {
  const earlier_ms = against === undefined ? undefined : EARLIER[against].seconds * 1000;
  return {
    metric,
    from: String(from_ms),
    to: String(to_ms),
    ...(earlier_ms !== undefined && { before_from: String(from_ms - earlier_ms), before_to: String(to_ms - earlier_ms) }),
    ...(filter !== '' && { filter }),
  };
}
