// Reads the rows on which the verdict of an investigation rests.
import { EVIDENCE_KINDS, type Evidence, type EvidenceKind, noEvidence } from '../../../agent/verdict/evidence.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import type { Queryable } from '../engine.ts';
import { type AskedRows, rowPages } from './asked-rows.ts';

export type Found = {
  evidence: Evidence;
  /** kinds with more rows than were read: only the first rows of these were */
  cut: EvidenceKind[];
};

/** @param most limit of rows of each kind */
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
