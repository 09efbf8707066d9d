// What all collectors of one store share of who may do what: each record is a JSON object under a kind and an id. Secrets are never in
// them, only the SHA-256 of those that have 256 random bits, and the argon2id hash of what a person has chosen.
import { type Static, type TSchema, Type } from 'typebox';
import { InForce, KnownSetting } from '../../agent/contract/control.ts';
import { DETAILS } from '../../agent/contract/detail.ts';
import { object, oneOf } from '../api/schema.ts';
import { ViewLink, ViewName } from '../api/views.ts';

const Ms = Type.Integer({ minimum: 0, description: 'ms since the epoch' });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Labels = Type.Record(Type.String(), Type.String());
/** Of people, from the least right to the most: each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** `id`: 16 hex digits, the host's id, which the collector has given it. */
const Agent = object({
  name: Type.String({ description: 'what the host called itself when it joined' }),
  labels: Labels,
  joined_ms: Ms,
  enrolment: Type.String({ description: 'id of what it joined with; empty: with the credential of cloned_from' }),
  secret_sha256: Sha256,
  secret_ms: Ms,
  next_sha256: Type.Optional(Type.String({ ...Sha256, description: 'that of the secret which is to take its place' })),
  machine_sha256: Sha256,
  place: Type.String({ description: 'digest of where its state is: another one tells a copy from the original' }),
  cloned_from: Type.Optional(Type.String({ description: 'host whose credential was found on two machines' })),
  certificate_ends_ms: Type.Optional(Type.Integer({ ...Ms, description: 'of the one that it showed when it said hello last, if any' })),
  revoked_ms: Type.Optional(Ms),
});
export type AgentRecord = Static<typeof Agent>;

/** `id`: 16 hex digits, which are part of the printed line. */
const Enrolment = object({
  secret_sha256: Sha256,
  labels: Labels,
  made_ms: Ms,
  ends_ms: Ms,
  uses: Type.Integer({ minimum: 0, description: 'how many hosts may have joined with it' }),
  rejoin: Type.Boolean({ description: 'a machine may take back the identity that it had' }),
  revoked_ms: Type.Optional(Ms),
});
export type EnrolmentRecord = Static<typeof Enrolment>;

/** `id`: the name that the person logs in with, or that a proxy says. */
const User = object({
  role: oneOf(ROLES),
  password: Type.String({ description: 'argon2id hash, in PHC form; empty: nobody logs in with one' }),
  password_ms: Type.Integer({ ...Ms, description: 'when that was set: sessions by another one are over' }),
  made_ms: Ms,
});
export type UserRecord = Static<typeof User>;

/** `id`: SHA-256 of what is in the cookie. `role`: of one by password the user's record says it. */
const Session = object({
  name: Type.String(),
  role: oneOf(ROLES),
  by: oneOf(['password', 'oidc', 'link']),
  password_ms: Type.Optional(Type.Integer({ ...Ms, description: 'of one by password: that of the password which was shown' })),
  made_ms: Ms,
  ends_ms: Ms,
  address: Type.String(),
});
export type SessionRecord = Static<typeof Session>;

/** `id`: that of the session. A record of its own, so that noting the use of a session can never bring back one that was ended. */
const SessionUse = object({ at_ms: Ms });

/** `id`: 16 hex digits, which are part of the token. */
const Token = object({ name: Type.String(), role: oneOf(ROLES), secret_sha256: Sha256, made_ms: Ms, ends_ms: Ms, made_by: Type.String() });
export type TokenRecord = Static<typeof Token>;

/** `id`: SHA-256 of the certificate. A CA with which a collector has signed its own: agents that have joined trust all of them. */
const Authority = object({ certificate: Type.String({ description: 'PEM' }), ends_ms: Ms });
export type AuthorityRecord = Static<typeof Authority>;

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Values = Type.Record(Type.String(), Type.String());

/** Which hosts: those that have all of the labels and, where hosts are named, are one of them, by id or name. */
export const Where = object({ labels: Labels, hosts: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 1000 }) });
export type Where = Static<typeof Where>;
/** Settings of some hosts. Of several rules that say a host's setting the last one counts. */
export const SettingsRule = object({ where: Where, values: Values });
export type SettingsRule = Static<typeof SettingsRule>;

/** `id`: number of the version. What all agents are to do. */
const Settings = object({ rules: Type.Array(SettingsRule), made_ms: Ms, made_by: Type.String(), note: Type.String() });
export type SettingsRecord = Static<typeof Settings>;

export const STAGES = ['first', 'all', 'done', 'rolled_back'] as const;
/** `id`: "current". How far the newest version has come: from the hosts in `first` to all. */
const Rollout = object({
  version: Type.Integer({ minimum: 1 }),
  base: Type.Integer({ minimum: 0, description: 'the version before; 0: none' }),
  first: Type.Array(Hex64),
  stage: oneOf(STAGES),
  why: Type.String({ description: 'why it was rolled back' }),
  stage_ms: Type.Integer({ ...Ms, description: 'when the stage began' }),
  watch_ms: Type.Integer({ ...Ms, description: 'how long a stage is watched' }),
  accept_loss: Type.Boolean({ description: 'rows that budgets withhold are meant to be withheld' }),
});
export type RolloutRecord = Static<typeof Rollout>;

/** `id`: version and host id, with a dot between them. Harm that a rollout did there. */
const RolloutTrouble = object({ host_id: Hex64, why: Type.String(), at_ms: Ms });

/** `id`: 16 hex digits, the host's id. What its agent has said of its settings last; `at_ms`: when it has said hello. */
const AgentState = object({
  agent_version: Type.String(),
  version: Type.Integer({ minimum: 0, description: 'of the settings that it has; 0: none' }),
  in_force: Type.Array(InForce),
  at_ms: Ms,
});
export type AgentStateRecord = Static<typeof AgentState>;

/** `id`: version of the agent. The settings that agents of this version have. */
const AgentVersion = object({ known: Type.Array(KnownSetting) });

/** `id`: where agents reach it. A record of its own, so that noting a collector can never bring back a CA that was forgotten elsewhere. */
const Collector = object({ authority: Sha256, name: Type.String(), heard_ms: Ms });

/** `id`: 16 hex digits. A view of the page that somebody has saved. */
const View = object({
  name: ViewName,
  link: ViewLink,
  owner: Type.String(),
  owner_kind: Type.String({ description: 'by which way the owner came in' }),
  made_ms: Ms,
});
export type ViewRecord = Static<typeof View>;

/** `id`: 16 hex digits. What some agents are to look at more closely, for some time. */
const Investigation = object({
  expression: Type.String({ description: 'which connections' }),
  hosts: Type.String({ description: 'which hosts, as an expression about them; empty: all' }),
  detail: oneOf(DETAILS),
  user_stacks: Type.Optional(Type.Boolean({ description: 'absent: false' })),
  rows_per_s: Type.Integer({ minimum: 1, description: 'that a host may write at most' }),
  rows_max: Type.Integer({ minimum: 0, description: 'that a host may write in all; 0: as many as come' }),
  note: Type.String(),
  begins_ms: Ms,
  ends_ms: Type.Integer({ ...Ms, description: 'when its time is over' }),
  stopped_ms: Type.Optional(Type.Integer({ ...Ms, description: 'when somebody stopped it' })),
  kept_until_ms: Type.Integer({ ...Ms, description: '0: for ever' }),
  made_by: Type.String(),
});
export type InvestigationRecord = Static<typeof Investigation>;

/** What a record of each kind holds. */
export const RECORDS = {
  agent: Agent,
  enrolment: Enrolment,
  user: User,
  session: Session,
  session_use: SessionUse,
  token: Token,
  authority: Authority,
  settings: Settings,
  rollout: Rollout,
  rollout_trouble: RolloutTrouble,
  agent_state: AgentState,
  agent_version: AgentVersion,
  collector: Collector,
  view: View,
  investigation: Investigation,
} as const satisfies Record<string, TSchema>;
export type RecordKind = keyof typeof RECORDS;
export const RECORD_KINDS = Object.keys(RECORDS) as RecordKind[];
export type RecordOf<Kind extends RecordKind> = Static<(typeof RECORDS)[Kind]>;

/**
 * A record as stores and files have it. Of several with one kind and id the one with the largest version counts. `body`: JSON; empty where
 * the record was removed. `ends_ms`: nobody needs it any more; 0: for ever.
 */
export const StoredRecord = Type.Object({
  kind: oneOf(RECORD_KINDS),
  id: Type.String(),
  version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  ends_ms: Ms,
  body: Type.String(),
});
export type StoredRecord = Static<typeof StoredRecord>;
