// What an investigation has found as one HTML file, which needs no network and no script: it is mailed, printed and opened years later. Pure.
import { createHash } from 'node:crypto';
import { ABOUT, type Claim } from '../verdict/claims.ts';
import type { EvidenceKind } from '../verdict/evidence.ts';
import { joinsSentences } from '../verdict/joins.ts';
import { ABOUT_LABELS } from '../verdict/labels.ts';
import type { StackGroup } from '../verdict/stacks.ts';
import { sentences, summarize } from '../verdict/summary.ts';
import type { Judged } from '../verdict/verdicts.ts';
import { Html, html } from './html.ts';
import { causes, dropped, missing, peers } from './report-causes.ts';
import { worstConnections } from './report-connections.ts';
import { stackTable } from './report-stacks.ts';
import { STYLE } from './report-style.ts';

/** How far the investigation came at a host. The counters are of rows. */
export type ReportedHost = {
  host_id: string;
  host: string;
  state: string;
  reason: string;
  matched: number;
  passed: number;
  over_budget: number;
  /** why the other ends of its connections were not looked at; empty: they were */
  other_end: string;
};

export type Reported = {
  /** which connections */
  expression: string;
  /** other facts of how the investigation was made, each with its name; those with an empty value are left out */
  asked: readonly (readonly [name: string, value: string])[];
  hosts: readonly ReportedHost[];
  judged: Judged;
  /** why connects failed, who reset connections, where their time went */
  claims: readonly Claim[];
  /** the call paths in the kernel that led to drops, resets, retransmissions and zero windows */
  stacks: readonly StackGroup[];
  /** how many rows are missing beside those that budgets withheld: sentences */
  incomplete: readonly string[];
  /** kinds of rows of which only the first were judged */
  cut: readonly EvidenceKind[];
  made_at_ms: number;
  version: string;
};

export function reportHtml(reported: Reported): string {
  const { expression, asked, hosts, judged, claims, stacks, version, made_at_ms } = reported;
  const summary = summarize(judged.verdicts, judged.ways);
  const names = new Map(hosts.map(({ host_id, host }) => [host_id, host]));
  const told = sentences(summary);
  const facts = asked.filter(([, value]) => value !== '');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Investigation of ${expression}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>Investigation of <code>${expression}</code></h1>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
<section aria-labelledby="found"><h2 id="found">What was found</h2>
${told.length === 0 ? html`<p>No segment of these connections was sent again.</p>` : html`<ul>${told.map((one) => html`<li>${one}</li>`)}</ul>`}
</section>
${summary.all.segments === 0 ? '' : [causes(summary.all), peers(summary.by_peer), dropped(judged.verdicts, names), missing(judged.verdicts)]}
${claimed(claims)}
${stackTable(stacks, names)}
${completeness(reported, summary.arrivals)}
${hostTable(hosts)}
${worstConnections(judged.verdicts, names)}
</main>
<footer><p>Made by tcplens ${version} at ${momentOf(made_at_ms)}.</p></footer>
</body>
</html>
`.text;
}

function claimed(claims: readonly Claim[]): Html[] {
  return ABOUT.flatMap((about) => {
    const own = claims.filter((claim) => claim.about === about);
    if (own.length === 0) return [];
    const lines = own.slice(0, CLAIMS_MAX).map(({ sentence }) => html`<li>${sentence}</li>`);
    return [html`<section aria-labelledby="${about}"><h2 id="${about}">${ABOUT_LABELS[about]}</h2><ul>${lines}</ul></section>`];
  });
}

const CLAIMS_MAX = 100;

/** Nothing is loaded and nothing runs; the style is the one that is in the file. */
function policy(): string {
  const digest = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
}

export const momentOf = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');

function completeness({ hosts, judged, cut, incomplete }: Reported, { counted, seen }: { counted: number; seen: number }): Html {
  const withheld = hosts.reduce((sum, { over_budget }) => sum + over_budget, 0);
  const unwatched = hosts.filter(({ other_end }) => other_end !== '');
  const lines = [
    counted > 0
      ? `Of ${counted} segments that came to the sockets, ${seen} have a row.`
      : 'No row tells how many segments came to the sockets.',
    ...joinsSentences(judged.joins),
    ...(withheld > 0 ? [`${withheld} rows were beyond the budget and are missing: where rows are missing, absence proves nothing.`] : []),
    ...incomplete,
    ...(cut.length > 0 ? [`Of the rows of kind ${cut.join(', ')} only the first were judged: a narrower filter has all.`] : []),
    ...(unwatched.length > 0
      ? [`At ${unwatched.length} of ${hosts.length} hosts the filter says nothing of the other end: ${unwatched[0]?.other_end}.`]
      : []),
  ];
  return html`<section aria-labelledby="complete"><h2 id="complete">How complete this is</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

function hostTable(hosts: readonly ReportedHost[]): Html | '' {
  if (hosts.length === 0) return '';
  const rows = hosts.map(
    ({ host, host_id, state, reason, matched, passed, over_budget }) =>
      html`<tr><th scope="row">${host}</th><td>${host_id}</td><td>${state}</td><td>${reason}</td><td class="n">${matched}</td><td class="n">${passed}</td><td class="n">${over_budget}</td></tr>`,
  );
  return html`<section aria-labelledby="hosts"><h2 id="hosts">Hosts</h2><table>
<thead><tr><th scope="col">host</th><th scope="col">id</th><th scope="col">state</th><th scope="col">how it ended</th><th scope="col" class="n">rows matched</th><th scope="col" class="n">written</th><th scope="col" class="n">beyond the budget</th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}
