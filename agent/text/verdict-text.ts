// What an investigation has found, for a person or as JSON. Pure.
import type { FilterCounters } from '../../bpf/rows/rows.gen.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { CAUSES, type Place, type Verdict } from '../verdict/cause.ts';
import { ABOUT, type Claim } from '../verdict/claims.ts';
import { referTo } from '../verdict/evidence.ts';
import { joinsSentences } from '../verdict/joins.ts';
import { ABOUT_LABELS } from '../verdict/labels.ts';
import type { StackGroup } from '../verdict/stacks.ts';
import { sentences, summarize } from '../verdict/summary.ts';
import type { Judged } from '../verdict/verdicts.ts';

const SHOWN_MAX = 10;

export type Told = {
  filter: string;
  other_end: { watched: boolean; why: string };
  account: FilterCounters;
  /** rows that came after there were enough */
  left_out: number;
  judged: Judged;
  /** why connects failed, who reset connections, where their time went */
  claims: readonly Claim[];
  /** the call paths in the kernel that led to drops, resets, retransmissions and zero windows, the most frequent first */
  stacks: readonly StackGroup[];
  /** the kinds of rows beyond those of every event */
  watched: readonly string[];
};

/** The result as one JSON object: a verdict for each segment, with the rows that it rests on. */
export function verdictJson({ judged: { verdicts, ways, joins }, ...told }: Told): string {
  const { all, by_peer, arrivals } = summarize(verdicts, ways);
  const said = [...sentences({ all, by_peer, arrivals }), ...joinsSentences(joins)];
  const summary = { ...all, by_peer: Object.fromEntries(by_peer), arrivals, joins, sentences: said };
  const each = verdicts.map(({ segment: { row, part, seq, end }, packet, ...verdict }) => ({
    connection: connectionOf(row),
    part,
    seq,
    end,
    packet: packet && referTo(packet),
    ...verdict,
  }));
  return escapeControls(
    JSON.stringify({ kind: 'verdict', ...told, summary, verdicts: each }, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ),
  );
}

/**
 * The result for a terminal: sentences, causes, where packets were dropped, the connections with most retransmitted segments, and what was
 * not seen.
 */
export function verdictText(told: Told): string {
  const { verdicts, ways } = told.judged;
  const summary = summarize(verdicts, ways);
  const rest = [...claimLines(told.claims), ...stackLines(told.stacks), ...unseen(told)];
  if (verdicts.length === 0) return textOf([`no segment of ${told.filter} was sent again`, ...rest]);
  const causes = CAUSES.filter((cause) => summary.all.by_cause[cause] > 0).map(
    (cause) => `  ${cause.padEnd(20)} ${summary.all.by_cause[cause]}`,
  );
  const lines = [
    ...sentences(summary),
    '',
    ...causes,
    ...titled('dropped', counted(verdicts.flatMap(({ place }) => (place === undefined ? [] : placeWords(place))))),
    ...titled('connections', counted(verdicts.map(({ segment: { row }, cause }) => `${connectionOf(row)}: ${cause}`))),
    ...titled('not known, for want of', counted(verdicts.flatMap(({ missing }) => (missing === '' ? [] : missing)))),
    ...rest,
  ];
  return textOf(lines);
}

const textOf = (lines: readonly string[]): string => `${lines.map(escapeControls).join('\n')}\n`;

function claimLines(claims: readonly Claim[]): string[] {
  return ABOUT.flatMap((about) => {
    const own = claims.filter((claim) => claim.about === about);
    const rest = own.length - SHOWN_MAX;
    const shown = own.slice(0, SHOWN_MAX).map(({ sentence }) => sentence);
    return titled(ABOUT_LABELS[about], rest > 0 ? [...shown, `and ${rest} more; --json has all`] : shown);
  });
}

function stackLines(stacks: readonly StackGroup[]): string[] {
  const rest = stacks.length - SHOWN_MAX;
  const shown = stacks.slice(0, SHOWN_MAX).map(({ about, what, rows, functions, user_functions }) => {
    const by = functions.join(' < ') || 'functions that this host hides';
    const called = user_functions.length > 0 ? `, called by the process’s ${user_functions.join(' < ')}` : '';
    return `${about} ${what}: ${rows}, by ${by}${called}`;
  });
  return titled('stacks', rest > 0 ? [...shown, `and ${rest} more; --json has all`] : shown);
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** Each text once with how often it is there, the most frequent first. */
function counted(texts: readonly string[]): string[] {
  const groups = [...Map.groupBy(texts, (text) => text)].sort(([, one], [, other]) => other.length - one.length);
  const rest = groups.length - SHOWN_MAX;
  const shown = groups.slice(0, SHOWN_MAX).map(([text, { length }]) => `${text}: ${length}`);
  return rest > 0 ? [...shown, `and ${rest} more; --json has all`] : shown;
}

/** Which rows are missing. */
export function incomplete({ account: { over_budget, matched }, left_out }: Told): string[] {
  return [
    ...(over_budget > 0 ? [`${over_budget} of ${matched} rows were beyond the budget: --row-budget gives more`] : []),
    ...(left_out > 0 ? [`it ended early, with ${left_out} rows left out: --rows-max takes more`] : []),
  ];
}

function unseen(told: Told): string[] {
  const { other_end, judged } = told;
  return [
    ...joinsSentences(judged.joins),
    ...incomplete(told),
    ...(other_end.watched ? [] : [`the other end is not looked at: ${other_end.why}`]),
  ];
}

function placeWords({ reason, location, ifindex, netns }: Place): string {
  return `${reason === '' ? 'for a reason that the kernel does not say' : reason}${location === '' ? '' : ` in ${location}`}, netns ${netns}${ifindex === 0 ? '' : `, device ${ifindex}`}`;
}

function connectionOf({ local_addr, local_port, peer_addr, peer_port, comm }: Verdict['segment']['row']): string {
  return `${comm === '' ? '-' : comm} ${endOf(local_addr, local_port)} to ${endOf(peer_addr, peer_port)}`;
}

const endOf = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
