// Webhooks of Alertmanager (version 4) and of Grafana, which have the same shape. The schemas list only what is read here; other members
// are allowed.
import { type Static, Type } from 'typebox';
import { InvestigationId } from '../../agent/contract/investigation.ts';
import { object } from './schema.ts';

/** Names of the annotations by which an alerting rule describes the investigation that it starts. */
export const ALERT_ANNOTATIONS = {
  filter: 'tcplens_filter',
  hosts: 'tcplens_hosts',
  detail: 'tcplens_detail',
  user_stacks: 'tcplens_user_stacks',
  for: 'tcplens_for',
  rows_per_s: 'tcplens_rows_per_s',
} as const;

const Texts = Type.Record(Type.String(), Type.String());
export const Alert = Type.Object({
  status: Type.Union([Type.Literal('firing'), Type.Literal('resolved')]),
  labels: Texts,
  annotations: Texts,
  startsAt: Type.String({ minLength: 1, maxLength: 64, description: 'RFC 3339' }),
  fingerprint: Type.String({ minLength: 1, maxLength: 64, description: 'of its labels' }),
});
export type Alert = Static<typeof Alert>;

export const AlertsBody = Type.Object({ alerts: Type.Array(Alert, { maxItems: 1000 }) });

const Followed = Type.Array(object({ alert: Type.String({ description: 'its name' }), id: InvestigationId }));
export const AlertsAnswer = object({
  started: Followed,
  known: Type.Array(Followed.items, {
    description: 'that an earlier notification has started; also those that have ended, or were stopped',
  }),
  left_alone: Type.Integer({ minimum: 0, description: `that are resolved, or have no annotation ${ALERT_ANNOTATIONS.filter}` }),
});
export type AlertsAnswer = Static<typeof AlertsAnswer>;
