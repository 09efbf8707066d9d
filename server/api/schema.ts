// The pieces that the API's schemas are made of.
import { type Static, type TProperties, Type } from 'typebox';
import { CA_STATE, CLASS, EVIDENCE, OUTCOME, OWNER, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';

export const object = <Properties extends TProperties>(properties: Properties, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });
export const oneOf = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values] });

export const Id = Type.String({ pattern: '^[0-9]{1,20}$', description: 'an unsigned 64-bit number, in decimal, without leading zeros' });
export const Count = Type.Integer({ minimum: 0 });
export const Ms = Type.Integer({ minimum: 0, description: 'ms since the epoch' });
/** A number, or null where nothing was measured. */
export const Figure = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
export const Figures = (description: string) => Type.Array(Figure(description));

export const Limits = object(
  {
    application: Type.Number(),
    network: Type.Number(),
    receiver: Type.Number(),
    sender: Type.Number(),
    host: Type.Number({ description: 'this host had no way to send: no route, link down' }),
  },
  'shares of the sampled time, adding up to 1; all 0 where that was too short to tell: less than 200 ms or ten round trips',
);

/** One row of the table of retransmissions; rows from the store and live rows have the same shape. */
export const Retransmit = object({
  time_ns: Id,
  host_id: Id,
  host: Type.String(),
  connection_id: Id,
  netns: Id,
  pid: Count,
  comm: Type.String(),
  owner: oneOf(OWNER),
  role: oneOf(ROLE),
  local_addr: Type.String(),
  local_port: Count,
  peer_addr: Type.String(),
  peer_port: Count,
  state: oneOf(STATE),
  class: oneOf(CLASS),
  outcome: oneOf(OUTCOME),
  err: Type.Integer(),
  segments: Count,
  bytes: Count,
  seq: Count,
  ca_state: oneOf(CA_STATE),
  backoff: Count,
  srtt_us: Count,
  rto_us: Count,
  snd_cwnd: Count,
  evidence: Type.Unsafe<(typeof EVIDENCE)[number]>({
    type: 'string',
    enum: [...EVIDENCE],
    description: 'what has since shown that earlier ones of this connection were not needed',
  }),
});
export type Retransmit = Static<typeof Retransmit>;
