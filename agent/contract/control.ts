// The control channel: one WebSocket an agent, which the agent opens. All that is said on it, in both directions, is JSON of these types.
// The agent imports only types from here: the schema library is not worth its memory there.
import { type Static, Type } from 'typebox';
import { InvestigationStates, type WantedInvestigations } from './investigation.ts';

/** `GET`, upgraded to a WebSocket, with the agent's credential. */
export const CONTROL_PATH = '/v1/control';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' });
const Value = Type.String({ maxLength: 1000 });
const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Most settings in one message of an agent. */
export const SETTINGS_MAX = 64;

/** Where the value of a setting comes from. */
export const SAID_BY = ['default', 'command line', 'environment', 'file', 'collector'] as const;

/** The value of a setting at an agent, and, if that is not what the collector wants, the reason. */
export const InForce = Type.Object(
  {
    name: Name,
    value: Value,
    from: Type.Unsafe<(typeof SAID_BY)[number]>({ type: 'string', enum: [...SAID_BY] }),
    wanted: Type.Optional(Type.String({ maxLength: 1000, description: 'what the collector has said, where something else is in force' })),
    why: Type.Optional(Type.String({ maxLength: 1000, description: 'why that is not in force' })),
  },
  closed,
);
export type InForce = Static<typeof InForce>;
const AllInForce = Type.Array(InForce, { maxItems: SETTINGS_MAX });

/** A setting as an agent describes it, which may be of another version. */
export const KnownSetting = Type.Object({
  name: Name,
  form: Type.Object(
    { form: Type.String({ maxLength: 63 }) },
    { additionalProperties: true, description: 'SettingForm (setting-form.ts) of that version' },
  ),
  help: Type.String({ maxLength: 1000 }),
  applies: Type.String({ maxLength: 63 }),
});
export type KnownSetting = Static<typeof KnownSetting>;

/** The first message. `version`: of the settings that it has from a collector; 0: of none. */
const AgentHello = Type.Object(
  {
    type: Type.Literal('hello'),
    host_id: Hex64,
    agent_version: Type.String({ minLength: 1, maxLength: 64 }),
    known: Type.Array(KnownSetting, { maxItems: SETTINGS_MAX }),
    version: Count,
    in_force: AllInForce,
  },
  closed,
);

/** After each change. */
const SettingsInForce = Type.Object({ type: Type.Literal('in_force'), version: Count, in_force: AllInForce }, closed);

/** Rows since the agent's start. `lost`: those that were lost on the host; `withheld`: by budgets, of kinds that are not off. */
const RowsSoFar = Type.Object({ type: Type.Literal('rows'), version: Count, seen: Count, lost: Count, withheld: Count }, closed);

export const FromAgent = Type.Union([AgentHello, SettingsInForce, RowsSoFar, InvestigationStates]);
export type FromAgent = Static<typeof FromAgent>;
export type RowsSoFar = Static<typeof RowsSoFar>;
export type AgentHello = Static<typeof AgentHello>;

/**
 * The values that the collector wants, by name; what is not among them is the host's own affair. `watch_ms`: how long the agent is to tell
 * of its rows every second, so that a bad change is found out.
 */
export type WantedSettings = { type: 'settings'; version: number; values: Readonly<Record<string, string>>; watch_ms: number };
export type ToAgent = WantedSettings | WantedInvestigations;
