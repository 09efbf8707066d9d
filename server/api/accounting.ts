// The accounting of rows: how many were seen, sent and stored, and where the others were lost.
import { type Static, Type } from 'typebox';
import { LOSSES, type Loss } from '../../agent/contract/outcome.ts';
import { Count, Figure, Id, Ms, object } from './schema.ts';

const Lost = Type.Partial(object(Object.fromEntries(Object.keys(LOSSES).map((name) => [name, Count])) as Record<Loss, typeof Count>), {
  description: 'rows by the name of the loss; those that did not happen are left out',
});

/** Rows of a range by what became of them. */
const Figures = {
  seen: Type.Integer({ minimum: 0, description: 'the kernel programs wanted to write them' }),
  sent: Type.Integer({ minimum: 0, description: 'a collector has acknowledged them' }),
  stored: Type.Integer({ minimum: 0, description: 'the tables were given them; by the rows’ own times' }),
  queued: Type.Integer({ minimum: 0, description: 'seen, and neither sent nor lost yet' }),
  lost: Lost,
};

export const Account = object({ kind: Type.String(), ...Figures });
export type Account = Static<typeof Account>;

const completeness = Figure('1 − lost / seen');

export const Accounting = object({
  from_ms: Ms,
  to_ms: Ms,
  step_s: Type.Integer({ minimum: 60 }),
  steps: Type.Array(object({ time_s: Type.Integer({ description: 'start, s since the epoch' }), completeness, ...Figures })),
  hosts: Type.Array(object({ host_id: Id, host: Type.String(), completeness, ...Figures }), { description: 'the least complete first' }),
  total: Type.Integer({ minimum: 0, description: 'hosts, before the limit' }),
});
export type Accounting = Static<typeof Accounting>;
