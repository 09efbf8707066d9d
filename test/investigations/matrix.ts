// A table of verdicts by truth: right ones, unknown ones, and each kind of wrong one.
import type { Verdict } from '../../agent/verdict/cause.ts';
import type { Compared } from './judged.ts';

/** Verdicts on the traffic of one scenario. */
export type Ran = {
  name: string;
  /** softirqs that the kernel hid from every program meanwhile */
  hidden: number;
  compared: readonly Compared[];
};

export type Tally = { clear: number; unclear: number; right: number; not_known: number };

export function tallyOf(all: readonly Compared[]): Tally {
  const clear = all.filter(({ truth }) => truth !== 'unclear');
  return {
    clear: clear.length,
    unclear: all.length - clear.length,
    right: clear.filter(({ right }) => right).length,
    not_known: clear.filter(({ verdict }) => verdict.cause === 'not_known').length,
  };
}

export function matrixText(title: string, all: readonly Compared[]): string {
  const { clear, unclear, right, not_known } = tallyOf(all);
  const wrong = clear - right - not_known;
  const both = all.filter(({ verdict }) => verdict.peer_observed).length;
  const head = `${title}: ${clear} segments, ${right} right, ${not_known} not known, ${wrong} wrong; of ${unclear} more captures do not tell; ${both} with the other end`;
  const cells = Map.groupBy(
    all.filter(({ truth }) => truth !== 'unclear'),
    cellOf,
  );
  return [head, ...[...cells].sort().map(([cell, { length }]) => `  ${cell}: ${length}`)].join('\n');
}

/** The scenarios with verdicts that are not right, each with these by truth: what a failed test says. */
export function notRightText(scenarios: readonly Ran[]): string {
  const texts = scenarios.flatMap(({ name, hidden, compared }) => {
    const others = compared.filter(({ truth, right }) => truth !== 'unclear' && !right);
    const cells = [...Map.groupBy(others, cellOf)].map(([cell, { length }]) => `${cell}: ${length}`);
    return cells.length === 0 ? [] : [`${name} (${compared.length} segments, ${hidden} softirqs hidden): ${cells.join('; ')}`];
  });
  return texts.length === 0 ? 'all are right' : texts.join('\n');
}

function cellOf({ verdict, truth, right }: Compared): string {
  const mark = right ? ' ' : verdict.cause === 'not_known' ? '?' : '!';
  return `${mark} ${truth} → ${wordOf(verdict)}`;
}

const wordOf = ({ cause, why, missing }: Verdict): string => [cause, why ?? missing].filter((word) => word !== '').join(': ');
