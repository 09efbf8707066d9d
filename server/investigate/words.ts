// Texts of an investigation for a terminal: its progress and what it has found. Pure.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import { CAUSES } from '../../agent/verdict/cause.ts';
import { ABOUT } from '../../agent/verdict/claims.ts';
import { ABOUT_LABELS, CAUSE_LABELS } from '../../agent/verdict/labels.ts';
import type { AtHost, OneInvestigation, Verdict } from '../api/investigations.ts';
import { END_WORDS } from '../investigations/end-words.ts';

const SHOWN_MAX = 10;

/** `head` changes with time; `told` has the rest. */
export function progressText({ counts, ends_ms, state }: OneInvestigation, { segments, rows, sentences }: Verdict, now_ms: number) {
  const left_s = Math.max(0, Math.ceil((ends_ms - now_ms) / 1000));
  const head = state === 'ended' ? 'ended, rows are on their way; ' : `${left_s} s left; `;
  const hosts = `${counts.running} running, ${counts.waiting} waiting, ${counts.ended} ended`;
  const [first] = sentences;
  const found = segments === 0 ? 'no segment was sent again yet' : `${segments} segments sent again: ${first ?? ''}`;
  return { head, told: `${hosts}; ${rows.stored} rows; ${found}` };
}

export function foundJson(investigation: OneInvestigation, verdict: Verdict): string {
  return `${escapeControls(JSON.stringify({ kind: 'verdict', investigation, verdict }))}\n`;
}

export function foundText({ expression, at_hosts, counts }: OneInvestigation, verdict: Verdict): string {
  const { segments, sentences, by_cause, dropped, missing, claims, rows, cut } = verdict;
  const names = new Map(at_hosts.map(({ host_id, host }) => [host_id, host]));
  const lines = [
    ...(segments === 0 ? [`no segment of ${expression} was sent again`, ...sentences] : sentences),
    '',
    ...CAUSES.filter((cause) => by_cause[cause] > 0).map((cause) => `  ${CAUSE_LABELS[cause]}: ${by_cause[cause]}`),
    ...titled(
      'dropped',
      dropped.map(
        ({ host_id, reason, location, ifindex, segments }) =>
          `${reason || 'for a reason that the kernel does not say'}${location === '' ? '' : ` in ${location}`}, ${names.get(host_id) ?? host_id}, device ${ifindex}: ${segments}`,
      ),
    ),
    ...titled(
      'not known, for want of',
      missing.map(({ what, segments }) => `${what}: ${segments}`),
    ),
    ...ABOUT.flatMap((about) =>
      titled(
        ABOUT_LABELS[about],
        claims.filter((claim) => claim.about === about).map(({ sentence }) => sentence),
      ),
    ),
    ...titled('hosts', at_hosts.map(hostText)),
    ...(counts.ended < at_hosts.length ? ['', `${at_hosts.length - counts.ended} hosts have not said that it ended there`] : []),
    ...(rows.stored < rows.written ? ['', `${rows.stored} of the ${rows.written} rows that hosts wrote have come`] : []),
    ...(cut.length > 0 ? ['', `of the rows of kind ${cut.join(', ')} only the first were judged: a narrower filter has all`] : []),
  ];
  return `${lines.map(escapeControls).join('\n')}\n`;
}

function hostText({ host, state, reason, words, passed, over_budget, looked_back, looks_back_ms, other_end, slot }: AtHost): string {
  const why = [...(reason === null ? [] : [END_WORDS[reason]]), ...(words === '' ? [] : [words])].join(': ');
  const withheld = over_budget > 0 ? `, ${over_budget} beyond the budget: --row-budget gives more` : '';
  const alone = slot === 0 || other_end.watched ? '' : `; the other end is not looked at: ${other_end.why}`;
  const back = looked_back > 0 ? `, and ${looked_back} of the ${Math.ceil(looks_back_ms / 1000)} s before` : '';
  return `${host}: ${state}${why === '' ? '' : `, ${why}`}; ${passed} rows${back}${withheld}${alone}`;
}

function titled(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - SHOWN_MAX;
  const shown = lines.slice(0, SHOWN_MAX).map((line) => `  ${line}`);
  return ['', `${title}:`, ...shown, ...(rest > 0 ? [`  and ${rest} more; --json has all`] : [])];
}
