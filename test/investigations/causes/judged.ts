// Verdicts on a scenario's connections, from all rows and from some of them, compared with the cause that was made.
import { judgeCauses } from '../../../agent/verdict/causes.ts';
import type { Evidence } from '../../../agent/verdict/evidence.ts';
import { BY_APPLICATION } from '../../../agent/verdict/reset-cause.ts';
import { sizeVerdicts } from '../../../agent/verdict/sizes.ts';
import { OF_APPLICATIONS } from '../../../agent/verdict/slow-cause.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import type { Scenario } from './scenario.ts';

/** The rows that a verdict could use. */
export const VIEWS = ['all', 'router unobserved', 'sender alone', 'receiver alone', 'no detail'] as const;
export type View = (typeof VIEWS)[number];

export type Netnses = { sender: bigint; receiver: bigint; router: bigint | undefined };
type Row = Evidence[keyof Evidence][number];

export function viewOf(evidence: Evidence, view: View, { sender, receiver, router }: Netnses): Evidence {
  const keep: Record<View, (row: Row) => boolean> = {
    // Rows of earlier scenarios may still arrive.
    all: ({ netns }) => netns === sender || netns === receiver || netns === router,
    'router unobserved': ({ netns }) => netns === sender || netns === receiver,
    'sender alone': ({ netns }) => netns === sender,
    'receiver alone': ({ netns }) => netns === receiver,
    'no detail': ({ kind, netns }) => kind !== 'packet' && kind !== 'progress' && (netns === sender || netns === receiver),
  };
  const kept = Object.entries(evidence).map(([kind, rows]: [string, readonly Row[]]) => [kind, rows.filter(keep[view])]);
  return Object.fromEntries(kept) as Evidence;
}

export type Compared = { truth: string; said: string; mark: 'right' | 'not known' | 'wrong'; blames: boolean };

/** The verdicts on the scenario's subject, compared with its cause. */
export function compare(evidence: Evidence, view: View, { about, truth, coarser = [], at_router }: Scenario): Compared[] {
  const { connects, resets, slow } = judgeCauses(evidence);
  const longest = slow.toSorted((a, b) => b.total_us - a.total_us)[0];
  const said = {
    connect: connects.map(({ cause }) => cause),
    reset: resets.map(({ cause }) => cause),
    size: sizesSaid(evidence),
    slow: longest?.parts.slice(0, 1).map(({ limiter }) => limiter) ?? [],
  }[about];
  const accepted = view === 'all' ? [truth] : [truth, ...coarser];
  const may_lack = view !== 'all' && (view !== 'router unobserved' || at_router === true);
  return said.map((cause) => ({
    truth,
    said: cause,
    mark: accepted.includes(cause) ? 'right' : cause === 'not_known' && may_lack ? 'not known' : 'wrong',
    blames: !accepted.includes(cause) && isOfApplication(about, cause),
  }));
}

/** What is said of sizes: once for each path. */
export const sizesSaid = (evidence: Evidence): string[] => sizeVerdicts(judgeAll(evidence).sizes).map(() => 'only_small_come');

const APPLICATIONS: ReadonlySet<string> = new Set([...BY_APPLICATION, ...OF_APPLICATIONS]);
const isOfApplication = (about: Scenario['about'], cause: string): boolean => about !== 'connect' && APPLICATIONS.has(cause);

export function tableText(title: string, all: readonly Compared[]): string {
  const count = (mark: Compared['mark']) => all.filter((one) => one.mark === mark).length;
  const cells = Map.groupBy(all, ({ truth, said, mark }) => `${mark === 'right' ? ' ' : mark === 'wrong' ? '!' : '?'} ${truth} → ${said}`);
  const head = `${title}: ${all.length} verdicts, ${count('right')} right, ${count('not known')} not known, ${count('wrong')} wrong`;
  return [head, ...[...cells].sort().map(([cell, { length }]) => `  ${cell}: ${length}`)].join('\n');
}
