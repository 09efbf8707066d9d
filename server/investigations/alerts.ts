// The investigation that an alert asks for in the annotations of its rule. Pure.
import { createHash } from 'node:crypto';
import { Value } from 'typebox/value';
import { DETAILS } from '../../agent/contract/detail.ts';
import { reportText } from '../../agent/contract/report-text.ts';
import { parseDuration } from '../../agent/process/units.ts';
import { ALERT_ANNOTATIONS, type Alert } from '../api/alerts.ts';
import { InvestigationStart } from '../api/investigations.ts';
import { Refusal } from '../errors.ts';

const DAY_MS = 86_400_000;
/** The defaults of the page, but longer: an alert fires when the trouble has lasted for a while, and perhaps nobody is there to look. */
const USUAL = { detail: 'packets', for: '5m', rows_per_s: '5000', keep_ms: 30 * DAY_MS };
const NAME_CHARS_MAX = 150;

export const nameOf = ({ labels, fingerprint }: Alert): string => reportText(labels['alertname'] ?? fingerprint, NAME_CHARS_MAX);

/** Whether the alert asks for an investigation. */
export const isAsking = ({ status, annotations }: Alert): boolean => status === 'firing' && ALERT_ANNOTATIONS.filter in annotations;

/** 16 hex digits, the same for each notification of one alert at every collector. If the alert fires anew, its `startsAt` differs. */
export const idOf = ({ fingerprint, startsAt }: Alert): string =>
  createHash('sha256').update(`${fingerprint} ${startsAt}`).digest('hex').slice(0, 16);

/** @throws Refusal `request_invalid` or ConfigError, which name the wrong annotation */
export function askedBy(alert: Alert): InvestigationStart {
  const said = (name: keyof typeof ALERT_ANNOTATIONS) => alert.annotations[ALERT_ANNOTATIONS[name]]?.trim();
  const asked = {
    expression: said('filter') ?? '',
    hosts: said('hosts') ?? '',
    detail: said('detail') ?? USUAL.detail,
    user_stacks: YES_OR_NO.get(said('user_stacks') ?? 'false') ?? null,
    rows_per_s: Number(said('rows_per_s') ?? USUAL.rows_per_s),
    rows_max: 0,
    for_ms: parseDuration(said('for') ?? USUAL.for),
    keep_ms: USUAL.keep_ms,
    note: `alert ${nameOf(alert)}`,
    dry_run: false,
  };
  if (Value.Check(InvestigationStart, asked)) return asked;
  throw new Refusal('request_invalid', wrong(asked));
}

function wrong(asked: object): string {
  const [error] = Value.Errors(InvestigationStart, asked);
  const member = error?.instancePath.slice(1) ?? '';
  if (member === 'detail') return `${ALERT_ANNOTATIONS.detail} is one of ${DETAILS.join(', ')}`;
  return `${ANNOTATION_OF[member] ?? member} ${error?.message ?? 'is wrong'}`;
}

const YES_OR_NO = new Map([
  ['true', true],
  ['false', false],
]);

const ANNOTATION_OF: Record<string, string | undefined> = {
  expression: ALERT_ANNOTATIONS.filter,
  hosts: ALERT_ANNOTATIONS.hosts,
  user_stacks: ALERT_ANNOTATIONS.user_stacks,
  rows_per_s: ALERT_ANNOTATIONS.rows_per_s,
  for_ms: ALERT_ANNOTATIONS.for,
};
