// Investigations: for some minutes agents write more of the connections that a filter matches. What a collector asks of an agent, and what the
// agent says of it. The agent imports only types from here: the schema library is not worth its memory there.
import { type Static, Type } from 'typebox';
import type { Look } from './detail.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** 16 hex digits. */
export const InvestigationId = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const EXPRESSION_CHARS_MAX = 2000;
/** Most investigations in one message of an agent. */
export const STATES_MAX = 64;

/**
 * Why it has ended on a host: its time was over; it has written as many rows as it may; somebody has stopped it; it became too much for the
 * host; nothing was heard of the agent any more; or the agent cannot do it.
 */
export const ENDS = ['time', 'budget', 'by_hand', 'safety', 'host_gone', 'refused'] as const;
export type End = (typeof ENDS)[number];

/** Whether the filter also matches a connection where the other end is watched: its addresses and ports are the other way round there. */
const OtherEnd = Type.Object(
  {
    watched: Type.Boolean(),
    why: Type.String({ maxLength: 1000, description: 'why it is not; empty where it is' }),
  },
  closed,
);

/** The state of one investigation at one agent. The counters are of rows, since it began there: matched = passed + over_budget. */
export const HostState = Type.Object(
  {
    state: Type.Unsafe<'running' | 'ended'>({ type: 'string', enum: ['running', 'ended'] }),
    reason: Type.Optional(Type.Unsafe<End>({ type: 'string', enum: [...ENDS], description: 'why it has ended' })),
    words: Type.String({ maxLength: 1000, description: 'the same for people; empty where the reason says all' }),
    slot: Type.Integer({ minimum: 0, maximum: 31, description: 'rows that it has asked for have this bit of `filters`; 0: it never ran' }),
    other_end: OtherEnd,
    matched: Count,
    passed: Count,
    over_budget: Count,
    looked_back: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'rows of before it began, which the black box of this host had kept',
    }),
    looks_back_ms: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'how long before its beginning the oldest of those is; 0: there are none',
    }),
  },
  closed,
);
export type HostState = Static<typeof HostState>;

/**
 * What an agent reports of its investigations: once a second while one runs, when one ends, and whenever the collector has said what it
 * wants.
 */
export const InvestigationStates = Type.Object(
  {
    type: Type.Literal('investigations'),
    states: Type.Array(Type.Object({ id: InvestigationId, ...HostState.properties }, closed), { maxItems: STATES_MAX }),
  },
  closed,
);
export type InvestigationStates = Static<typeof InvestigationStates>;
export type ToldState = InvestigationStates['states'][number];

/**
 * An investigation that a collector wants of an agent. `rows_per_s`: rows that it may write a second at most, all kinds together.
 * `rows_max`: rows in all; 0: as many as come in its time. `ends_in_ms`: so long from now; agents' clocks differ. 0: it is over, and is not
 * begun any more.
 */
export type WantedInvestigation = Look & {
  id: string;
  expression: string;
  rows_per_s: number;
  rows_max: number;
  ends_in_ms: number;
};

/** All investigations that are to run at the agent: one that is not among them ends there. */
export type WantedInvestigations = { type: 'investigations'; wanted: readonly WantedInvestigation[] };
