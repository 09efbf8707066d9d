// The rows that verdicts on an investigation rest on, as they were drained.
import { EVIDENCE_KINDS, type Evidence, type EvidenceKind, noEvidence } from '../../../agent/verdict/evidence.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import type { Queryable } from '../engine.ts';
import { type AskedRows, rowPages } from './asked-rows.ts';

export type Found = {
  evidence: Evidence;
  /** kinds of which there are more rows than were read: the first ones were */
  cut: EvidenceKind[];
};

/** At most so many rows of each kind are read. @param most of each kind */
export async function evidenceOf(store: Queryable, asked: AskedRows, most: number): Promise<Found> {
  const evidence = noEvidence();
  const cut: EvidenceKind[] = [];
  const fill = async <Name extends EvidenceKind>(kind: Name) => {
    const rows: Rows[Name][] = evidence[kind];
    for await (const page of rowPages((find) => find(store), kind, asked)) {
      for (const row of page) rows.push(row);
      if (rows.length <= most) continue;
      rows.length = most;
      cut.push(kind);
      return;
    }
  };
  for (const kind of EVIDENCE_KINDS) await fill(kind);
  return { evidence, cut };
}
