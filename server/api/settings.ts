// Messages about the settings of agents.
import { type Static, Type } from 'typebox';
import { InForce, KnownSetting } from '../../agent/contract/control.ts';
import { SettingsRule, STAGES, Where } from '../access/records.ts';
import { Count, Ms, object, oneOf } from './schema.ts';

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const HOUR_MS = 3_600_000;

const Version = object({ version: Count, rules: Type.Array(SettingsRule), made_ms: Ms, made_by: Type.String(), note: Type.String() });

export const Rollout = object({
  version: Count,
  base: Type.Integer({ minimum: 0, description: 'the version before it; 0: none' }),
  stage: oneOf(STAGES),
  stage_ms: Ms,
  watch_ms: Ms,
  why: Type.String({ description: 'why it was rolled back; empty where it was not' }),
  first: Type.Array(Type.String(), { description: 'names of the hosts that take it before the others' }),
  wanting: Type.Integer({ minimum: 0, description: 'agents that are to have it now' }),
  having: Type.Integer({ minimum: 0, description: 'of these, those that have said so' }),
});

export const SettingsAnswer = object({
  version: Type.Integer({ minimum: 0, description: 'that agents are to have; 0: they do what their hosts say' }),
  rules: Type.Array(SettingsRule, { description: 'of several for a host the last one counts' }),
  rollout: Type.Union([Rollout, Type.Null()]),
  versions: Type.Array(Version, { description: 'the newest first' }),
  known: Type.Array(KnownSetting, { description: 'the settings that there are' }),
  channels: Type.Integer({ minimum: 0, description: 'agents that have a control channel at this collector' }),
});
export type SettingsAnswer = Static<typeof SettingsAnswer>;

const Value = Type.String({ minLength: 1, maxLength: 1000 });
export const SettingsChange = object({
  where: Where,
  set: Type.Record(Type.String({ minLength: 1, maxLength: 63 }), Value, { description: 'values by the name of the setting' }),
  unset: Type.Array(Type.String({ maxLength: 63 }), { maxItems: 64, description: 'settings that are the hosts’ own affair again' }),
  share: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'of the hosts, that takes the change first; 1: all at once' }),
  watch_ms: Type.Integer({ minimum: 0, maximum: HOUR_MS, description: 'how long each stage is watched for silent hosts and lost rows' }),
  accept_loss: Type.Boolean({ description: 'rows that budgets withhold are meant to be withheld' }),
  note: Type.String({ maxLength: 200 }),
  dry_run: Type.Boolean({ description: 'only say what it would do' }),
});
export type SettingsChange = Static<typeof SettingsChange>;

export const SettingsPlanned = object({
  version: Count,
  hosts: Type.Integer({ minimum: 0, description: 'whose settings are others then' }),
  first: Type.Array(Type.String(), { description: 'names of those that take it before the others; none: all at once' }),
});
export type SettingsPlanned = Static<typeof SettingsPlanned>;

export const SettingsRollback = object({
  version: Type.Union([Count, Type.Null()], { description: 'to go back to; null: to the one before' }),
});
export type SettingsRollback = Static<typeof SettingsRollback>;
export const SettingsBack = object({ version: Count });
export type SettingsBack = Static<typeof SettingsBack>;

export const HostSettingsParams = object({ host_id: Hex64 });
export const HostSettings = object({
  agent_version: Type.String(),
  wanted: Type.Integer({ minimum: 0, description: 'version of the settings that it is to have; 0: none' }),
  version: Type.Integer({ minimum: 0, description: 'that it has' }),
  in_force: Type.Array(InForce),
  connected: Type.Boolean({ description: 'its control channel is open at this collector' }),
  at_ms: Type.Integer({ ...Ms, description: 'when its channel was opened last; 0: never, so that nothing is known' }),
});
export type HostSettings = Static<typeof HostSettings>;
