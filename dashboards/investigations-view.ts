// The part of a link that describes investigations: the one that is open, the one it is compared with, or the filled-in form for a new one.
// The expression of a new one is the link's filter. Pure.
import type { InvestigationStart } from '../server/api.ts';

export type Detail = InvestigationStart['detail'];
/** The most detailed first. */
export const DETAILS = ['packets', 'progress', 'stacks', 'rows'] as const satisfies readonly Detail[];

/** Whether the detail includes kernel stacks; only then can those of processes be asked for. */
export const hasStacks = (detail: Detail): boolean => detail !== 'rows';

/** Choices of days to keep an investigation after its end; 0: for ever. */
export const KEEP_DAYS = [1, 7, 30, 90, 0] as const;
export type KeepDays = (typeof KEEP_DAYS)[number];

export const MINUTES_MAX = 24 * 60;
export const ROWS_PER_S_MAX = 100_000;
export const NOTE_CHARS_MAX = 200;

export type InvestigationsView = {
  /** of the open investigation; 16 hex digits */
  id?: string;
  /** of the investigation to compare with; 16 hex digits */
  against?: string;
  hosts: string;
  detail: Detail;
  /** stacks include the functions of processes */
  user_stacks: boolean;
  minutes: number;
  /** limit of rows that a host may write in a second */
  rows: number;
  keep: KeepDays;
  note: string;
};

export const INVESTIGATIONS_START: InvestigationsView = {
  hosts: '',
  detail: 'packets',
  user_stacks: false,
  minutes: 1,
  rows: 5000,
  keep: 30,
  note: '',
};
export const INVESTIGATIONS_KEYS: readonly string[] = ['id', 'against', ...Object.keys(INVESTIGATIONS_START)];

const ID = /^[0-9a-f]{16}$/;

/** `problems`: what could not be used. */
export function parseInvestigationsView(params: URLSearchParams): { view: InvestigationsView; problems: string[] } {
  const problems: string[] = [];
  const read = <Value>(key: string, readAs: (text: string) => Value | undefined, wanted: string): Value | undefined => {
    const text = params.get(key);
    const value = text === null ? undefined : readAs(text);
    if (text !== null && value === undefined) problems.push(`${key}=${text}: ${wanted}.`);
    return value;
  };
  const flagOf = (text: string) => (text === 'true' || text === 'false' ? text === 'true' : undefined);
  const idOf = (text: string) => (ID.test(text) ? text : undefined);
  const upTo = (most: number) => (text: string) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined);
  const [id, against] = [read('id', idOf, 'it has 16 hex digits'), read('against', idOf, 'it has 16 hex digits')];
  const { detail, user_stacks, minutes, rows, keep } = INVESTIGATIONS_START;
  const view: InvestigationsView = {
    ...(id !== undefined && { id }),
    ...(against !== undefined && { against }),
    hosts: (params.get('hosts') ?? '').trim(),
    detail: read('detail', (text) => DETAILS.find((one) => one === text), `known are ${DETAILS.join(', ')}`) ?? detail,
    user_stacks: read('user_stacks', flagOf, 'known are true, false') ?? user_stacks,
    minutes: read('minutes', upTo(MINUTES_MAX), `a whole number up to ${MINUTES_MAX}`) ?? minutes,
    rows: read('rows', upTo(ROWS_PER_S_MAX), `a whole number up to ${ROWS_PER_S_MAX}`) ?? rows,
    keep:
      read('keep', (text) => KEEP_DAYS.find((days) => String(days) === text), `known are ${KEEP_DAYS.join(', ')} days; 0: for ever`) ??
      keep,
    note: (params.get('note') ?? '').slice(0, NOTE_CHARS_MAX),
  };
  return { view, problems };
}

export function formatInvestigationsView(view: InvestigationsView, params: URLSearchParams): void {
  const start: Readonly<Record<string, unknown>> = INVESTIGATIONS_START;
  for (const [key, value] of Object.entries(view)) if (value !== undefined && value !== start[key]) params.set(key, String(value));
}
