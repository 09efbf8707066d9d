// Text about an investigation for its files: what was asked for, by whom, and how complete the rows are.
import { lookWords } from '../../agent/contract/detail.ts';
import { momentOf, type Reported } from '../../agent/exports/report.ts';
import { VERSION } from '../../agent/process/version.ts';
import type { AtHost, OneInvestigation } from '../api/investigations.ts';
import { LIMITS } from '../limits.ts';
import { END_WORDS } from './end-words.ts';
import type { Judging } from './judging.ts';

export function reported(one: OneInvestigation, judging: Judging, made_at_ms: number): Reported {
  const { id, expression, hosts, detail, user_stacks, note, made_by, begins_ms, ends_ms, stopped_ms, state, rows_per_s, at_hosts } = one;
  const ended = stopped_ms ?? ends_ms;
  return {
    expression,
    asked: [
      ['hosts', hosts.trim() === '' ? 'all' : hosts],
      ['detail', lookWords({ detail, user_stacks })],
      ['rows a second that each host may write', String(rows_per_s)],
      ['asked by', made_by],
      ['note', note],
      ['began', momentOf(begins_ms)],
      ['ended', state === 'running' ? `not yet; at ${momentOf(ends_ms)}` : `${momentOf(ended)}${stopped_ms === null ? '' : ', stopped'}`],
      ['id', id],
    ],
    hosts: at_hosts.map(reportedHost),
    judged: judging.judged,
    claims: judging.claims,
    stacks: judging.stacks,
    incomplete: notStored(judging),
    cut: judging.cut,
    made_at_ms,
    version: VERSION,
  };
}

function reportedHost({
  host_id,
  host,
  state,
  reason,
  words,
  matched,
  passed,
  over_budget,
  other_end,
  slot,
}: AtHost): Reported['hosts'][number] {
  const why = [reason === null ? '' : END_WORDS[reason], words].filter((text) => text !== '').join(': ');
  return {
    host_id,
    host,
    state,
    reason: why,
    matched,
    passed,
    over_budget,
    other_end: slot === 0 || other_end.watched ? '' : other_end.why,
  };
}

function notStored({ rows: { written, stored } }: Judging): string[] {
  return stored < written ? [`${stored} of the ${written} rows that hosts say they wrote are stored.`] : [];
}

/** The comment at the head of a capture, for people who have only the capture. */
export function captureComment(
  { id, expression }: Pick<OneInvestigation, 'id' | 'expression'>,
  hosts: readonly Pick<AtHost, 'over_budget'>[],
  judging: Judging,
): string {
  const withheld = hosts.reduce((sum, { over_budget }) => sum + over_budget, 0);
  return [
    `Investigation ${id} of ${expression}: packet headers as hosts saw them, by the clock of each host.`,
    ...(withheld > 0 ? [`Cut: ${withheld} rows were beyond the budget and are missing.`] : []),
    ...notStored(judging).map((sentence) => `Cut: ${sentence}`),
    ...(judging.cut.length > 0
      ? [`Cut: comments on causes rest on the first ${LIMITS.evidence_rows.number} rows only of kind ${judging.cut.join(', ')}.`]
      : []),
  ].join(' ');
}
