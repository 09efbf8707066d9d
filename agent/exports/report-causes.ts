// The parts of a report that count verdicts: by cause, by peer, by where packets were dropped, and by what would have told.
import { hex64 } from '../contract/hex64.ts';
import { CAUSES, type Cause, NOT_NEEDED, type Verdict } from '../verdict/cause.ts';
import { CAUSE_LABELS, NOT_NEEDED_LABELS } from '../verdict/labels.ts';
import type { Share } from '../verdict/summary.ts';
import { type Html, html } from './html.ts';

export const SHOWN_MAX = 100;
/** Percent of the bar's width: a narrower part has no room for its number. */
const NUMBERED_MIN = 4;

/** A bar whose parts have the numbers of the table's lines: colour is never the only sign. */
export function causes({ segments, by_cause, by_why }: Share): Html {
  const found = CAUSES.filter((cause) => by_cause[cause] > 0);
  const lines = found.map(
    (cause, at) =>
      html`<tr><td class="n"><span class="key ${cause}">${at + 1}</span></td><th scope="row">${CAUSE_LABELS[cause]}${cause === 'not_needed' ? whys(by_why) : ''}</th><td class="n">${by_cause[cause]}</td><td class="n">${shareOf(by_cause[cause], segments)}</td></tr>`,
  );
  return html`<section aria-labelledby="causes"><h2 id="causes">Why ${segments} segments were sent again</h2>
${bar(found, by_cause, segments)}
<table><thead><tr><th scope="col"><span class="hidden">number in the bar</span></th><th scope="col">cause</th><th scope="col" class="n">segments</th><th scope="col" class="n">share</th></tr></thead><tbody>${lines}</tbody></table></section>`;
}

function bar(found: readonly Cause[], by_cause: Share['by_cause'], segments: number): Html {
  const label = found.map((cause) => `${CAUSE_LABELS[cause]}: ${shareOf(by_cause[cause], segments)}`).join('; ');
  let from = 0;
  const parts = found.map((cause, at) => {
    const width = (by_cause[cause] / segments) * 100;
    const x = from;
    from += width;
    const number = width < NUMBERED_MIN ? '' : html`<text x="${(x + width / 2).toFixed(3)}%" y="19" text-anchor="middle">${at + 1}</text>`;
    return html`<rect class="${cause}" x="${x.toFixed(3)}%" y="0" width="${width.toFixed(3)}%" height="28"></rect>${number}`;
  });
  return html`<svg role="img" aria-label="${label}" width="100%" height="28">${parts}</svg>`;
}

function whys(by_why: Share['by_why']): Html {
  const found = NOT_NEEDED.filter((why) => by_why[why] > 0);
  return html`<ul>${found.map((why) => html`<li>${NOT_NEEDED_LABELS[why]}: ${by_why[why]}</li>`)}</ul>`;
}

export function peers(by_peer: ReadonlyMap<string, Share>): Html {
  const largest = [...by_peer].sort(([, one], [, other]) => other.segments - one.segments);
  const lines = largest.slice(0, SHOWN_MAX).map(([network, share]) => {
    const found = CAUSES.filter((cause) => share.by_cause[cause] > 0).map((cause) => `${CAUSE_LABELS[cause]}: ${share.by_cause[cause]}`);
    return html`<tr><th scope="row">${network}</th><td class="n">${share.segments}</td><td>${found.join('; ')}</td><td class="n">${shareOf(share.peer_observed, share.segments)}</td></tr>`;
  });
  return html`<section aria-labelledby="peers"><h2 id="peers">By network of the peer</h2><table>
<thead><tr><th scope="col">network</th><th scope="col" class="n">segments</th><th scope="col">causes</th><th scope="col" class="n">peer's end observed</th></tr></thead>
<tbody>${lines}</tbody></table>${more(largest.length)}</section>`;
}

/** @param names of hosts, by id */
export function dropped(verdicts: readonly Verdict[], names: ReadonlyMap<string, string>): Html | '' {
  const places = verdicts.flatMap(({ place }) => place ?? []);
  if (places.length === 0) return '';
  const groups = largest(
    Map.groupBy(places, ({ host_id, netns, reason, location, ifindex }) => [host_id, netns, ifindex, location, reason].join(' ')),
  );
  const lines = groups.slice(0, SHOWN_MAX).map((all) => {
    const [{ host_id, netns, reason, location, ifindex } = { host_id: 0n, netns: 0n, reason: '', location: '', ifindex: 0 }] = all;
    return html`<tr><th scope="row">${hostName(host_id, names)}</th><td>${reason || 'the kernel did not say'}</td><td>${location || '-'}</td><td>netns ${String(netns)}${ifindex === 0 ? '' : `, device ${ifindex}`}</td><td class="n">${all.length}</td></tr>`;
  });
  return html`<section aria-labelledby="dropped"><h2 id="dropped">Where packets were dropped</h2><table>
<thead><tr><th scope="col">host</th><th scope="col">reason</th><th scope="col">kernel's function</th><th scope="col">where</th><th scope="col" class="n">segments</th></tr></thead>
<tbody>${lines}</tbody></table>${more(groups.length)}</section>`;
}

export function missing(verdicts: readonly Verdict[]): Html | '' {
  const unknown = verdicts.filter((verdict) => verdict.missing !== '');
  if (unknown.length === 0) return '';
  const groups = largest(Map.groupBy(unknown, (verdict) => verdict.missing));
  const lines = groups
    .slice(0, SHOWN_MAX)
    .map((all) => html`<tr><th scope="row">${all[0]?.missing ?? ''}</th><td class="n">${all.length}</td></tr>`);
  return html`<section aria-labelledby="missing"><h2 id="missing">What is not known, and what would have told</h2><table>
<thead><tr><th scope="col">for want of</th><th scope="col" class="n">segments</th></tr></thead><tbody>${lines}</tbody></table>${more(groups.length)}</section>`;
}

export const hostName = (host_id: bigint, names: ReadonlyMap<string, string>): string => {
  const id = hex64(host_id);
  return names.get(id) ?? id;
};

const largest = <Item>(groups: Map<string, Item[]>): Item[][] => [...groups.values()].sort((one, other) => other.length - one.length);

export const more = (count: number): Html | '' => (count > SHOWN_MAX ? html`<p>And ${count - SHOWN_MAX} more.</p>` : '');

/** "0 %" only for none, and "100 %" only for all. */
function shareOf(part: number, whole: number): string {
  if (part === whole) return '100 %';
  return `${Math.min(99.9, Math.max(part > 0 ? 0.1 : 0, (part / whole) * 100)).toFixed(1)} %`;
}
