// The part of a report with the connections that sent most again: a verdict a line, and the rows on which each rests.
import type { Cause, Verdict } from '../verdict/cause.ts';
import { CAUSE_LABELS, NOT_NEEDED_LABELS } from '../verdict/labels.ts';
import { type Html, html } from './html.ts';
import { hostName } from './report-causes.ts';

const CONNECTIONS_MAX = 20;
const VERDICTS_MAX = 20;

type Names = ReadonlyMap<string, string>;

export function worstConnections(verdicts: readonly Verdict[], names: Names): Html | '' {
  if (verdicts.length === 0) return '';
  const connections = [...Map.groupBy(verdicts, ({ segment: { row } }) => `${row.host_id} ${row.connection_id}`).values()];
  const worst = connections.sort((one, other) => other.length - one.length).slice(0, CONNECTIONS_MAX);
  const of_all = worst.length < connections.length ? ` of ${connections.length}` : '';
  return html`<section aria-labelledby="worst"><h2 id="worst">The ${worst.length}${of_all} connections that sent most again</h2>${worst.map((own) => connection(own, names))}</section>`;
}

function connection(own: readonly Verdict[], names: Names): Html {
  const [first] = own;
  if (first === undefined) return html``;
  const { comm, pid, local_addr, local_port, peer_addr, peer_port, host_id } = first.segment.row;
  const counts = [...Map.groupBy(own, ({ cause }) => cause)].map(
    ([cause, { length }]: [Cause, Verdict[]]) => `${CAUSE_LABELS[cause]}: ${length}`,
  );
  const rest = own.length - VERDICTS_MAX;
  return html`<article>
<h3>${comm === '' ? '-' : comm}${pid === 0 ? '' : ` (pid ${pid})`} on ${hostName(host_id, names)}, ${endOf(local_addr, local_port)} to ${endOf(peer_addr, peer_port)}</h3>
<p>${own.length} segments: ${counts.join('; ')}</p>
<table><thead><tr><th scope="col">sent again</th><th scope="col">class</th><th scope="col" class="n">sequence numbers</th><th scope="col">cause</th><th scope="col">rests on these rows</th></tr></thead>
<tbody>${own.slice(0, VERDICTS_MAX).map((verdict) => verdictLine(verdict, names))}</tbody></table>
${rest > 0 ? html`<p>And ${rest} more: rows.ndjson has all rows.</p>` : ''}</article>`;
}

function verdictLine({ segment, cause, why, place, missing, rests_on }: Verdict, names: Names): Html {
  const said = [
    CAUSE_LABELS[cause],
    ...(why === undefined ? [] : [NOT_NEEDED_LABELS[why]]),
    ...(place === undefined
      ? []
      : [`${place.reason}${place.location === '' ? '' : ` in ${place.location}`} on ${hostName(place.host_id, names)}`]),
    ...(missing === '' ? [] : [`for want of ${missing}`]),
  ];
  const rows = rests_on.map(({ kind, host_id, time_ns }) => html`<li>${kind} ${timeOf(time_ns)} ${hostName(host_id, names)}</li>`);
  return html`<tr><th scope="row">${timeOf(segment.row.time_ns)}</th><td>${segment.row.class}</td><td class="n">${segment.seq}–${segment.end}</td><td>${said.join(': ')}</td><td><ul>${rows}</ul></td></tr>`;
}

/** With all nine decimals: people find the row by them. */
function timeOf(time_ns: bigint): string {
  const second = new Date(Number(time_ns / 1_000_000n)).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  return `${second.replace('T', ' ')}.${(time_ns % 1_000_000_000n).toString().padStart(9, '0')}`;
}

const endOf = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
