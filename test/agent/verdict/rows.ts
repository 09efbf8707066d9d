// Rows made by hand: all members that a verdict does not look at are nothing.

import { type Evidence, noEvidence } from '../../../agent/verdict/evidence.ts';
import { KIND, KINDS, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';

/** A row of the kind, zeroed but for these members. */
export function rowOf<Name extends Kind>(kind: Name, values: Partial<Rows[Name]>): Rows[Name] {
  const zeroed = new DataView(new ArrayBuffer(KINDS[kind].size));
  zeroed.setUint8(80, KIND.indexOf(kind));
  return { ...(KINDS[kind].read(zeroed, 0) as Rows[Name]), ...values };
}

export const NO_EVIDENCE: Evidence = noEvidence();
