// The access records that all collectors of one store share: each is a JSON object under a kind and an id. They hold no secrets: only the
// SHA-256 of secrets with 256 random bits, and the argon2id hashes of passwords.
import { type Static, type TSchema, Type } from 'typebox';
import { InForce, KnownSetting } from '../../agent/contract/control.ts';
import { DETAILS } from '../../agent/contract/detail.ts';
import { object, oneOf } from '../api/schema.ts';
import { ViewLink, ViewName } from '../api/views.ts';

const Ms = Type.Integer({ minimum: 0, description: 'ms since the epoch' });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Labels = Type.Record(Type.String(), Type.String());
/** Roles of people, in ascending order: each has the rights of those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** `id`: the host's id, 16 hex digits, given by the collector. */
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

/** `id`: 16 hex digits, part of the line that hosts join with. */
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

/** `id`: the name that the person logs in with, or that a trusted proxy sends. */
const User = object({
  role: oneOf(ROLES),
  password: Type.String({ description: 'argon2id hash, in PHC form; empty: nobody logs in with one' }),
  password_ms: Type.Integer({ ...Ms, description: 'when that was set: sessions by another one are over' }),
  made_ms: Ms,
});
export type UserRecord = Static<typeof User>;

/** `id`: SHA-256 of the cookie's secret. `role` is not used for a session by password: there the user's record has the role. */
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

/**
 * `id`: that of the session. It is a record of its own, so that a late note of a session's use cannot bring back a session that was ended.
 */
const SessionUse = object({ at_ms: Ms });

/** `id`: 16 hex digits, part of the token. */
const Token = object({ name: Type.String(), role: oneOf(ROLES), secret_sha256: Sha256, made_ms: Ms, ends_ms: Ms, made_by: Type.String() });
export type TokenRecord = Static<typeof Token>;

/** `id`: SHA-256 of the certificate. The CA that signed a collector's own certificate: agents that have joined trust all such CAs. */
const Authority = object({ certificate: Type.String({ description: 'PEM' }), ends_ms: Ms });
export type AuthorityRecord = Static<typeof Authority>;

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Values = Type.Record(Type.String(), Type.String());

/** Which hosts: those that have all of the labels, and whose id or name is in `hosts` unless that is empty. */
export const Where = object({ labels: Labels, hosts: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 1000 }) });
export type Where = Static<typeof Where>;
/** Settings of some hosts. Where several rules give a host the same setting, the last rule wins. */
export const SettingsRule = object({ where: Where, values: Values });
export type SettingsRule = Static<typeof SettingsRule>;

/** `id`: number of the version. The settings of all agents. */
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

/** `id`: version and host id, with a dot between them. A trouble of this host that a rollout has caused. */
const RolloutTrouble = object({ host_id: Hex64, why: Type.String(), at_ms: Ms });

/** `id`: 16 hex digits, the host's id. What its agent last said of its settings. `at_ms`: when it last said hello. */
const AgentState = object({
  agent_version: Type.String(),
  version: Type.Integer({ minimum: 0, description: 'of the settings that it has; 0: none' }),
  in_force: Type.Array(InForce),
  at_ms: Ms,
});
export type AgentStateRecord = Static<typeof AgentState>;

/** `id`: version of the agent. The settings that agents of this version have. */
const AgentVersion = object({ known: Type.Array(KnownSetting) });

/**
 * `id`: the URL at which agents reach it. It is a record of its own, so that a note of a collector cannot bring back a CA that was
 * forgotten.
 */
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

/** `id`: 16 hex digits. Hosts and connections that agents observe in more detail for some time. */
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
 * A record as stores and files hold it. Of several with the same kind and id the one with the largest version counts. `body`: JSON; empty
 * where the record was removed. `ends_ms`: when the record may be deleted; 0: never.
 */
export const StoredRecord = Type.Object({
  kind: oneOf(RECORD_KINDS),
  id: Type.String(),
  version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  ends_ms: Ms,
  body: Type.String(),
});
export type StoredRecord = Static<typeof StoredRecord>;
