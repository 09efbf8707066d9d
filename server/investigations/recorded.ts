// Judges a recorded investigation again. The rows are the same, so the verdict is too. It needs no collector and no kernel.
import { Check } from 'typebox/schema';
import type { Row } from '../../agent/exports/row-json.ts';
import { unreadable } from '../../agent/recording/investigation.ts';
import type { Recording, RowsPart } from '../../agent/recording/read.ts';
import { claimsOf } from '../../agent/verdict/claims.ts';
import { EVIDENCE_KINDS, type EvidenceKind, noEvidence } from '../../agent/verdict/evidence.ts';
import { findInSteps } from '../../agent/verdict/found.ts';
import { atOnce } from '../../agent/verdict/joined.ts';
import { KIND, KINDS, type Kind, type PacketRow } from '../../bpf/rows/rows.gen.ts';
import type { Judging } from './judging.ts';
import { Recorded, type Told } from './recording.ts';

/** @throws RecordingError where the recording's text is of another form, as that of another version may be */
export function toldIn(recording: Recording, told: unknown): Told {
  if (!Check(Recorded, told)) throw unreadable(recording);
  const { user_stacks = false, ...investigation } = told.investigation;
  return { ...told, investigation: { ...investigation, user_stacks } };
}

/** Uses at most as many rows of each kind as the collector did, so that the verdict is the same. @throws RecordingError `damaged` */
export function judgeRecorded(recording: Recording, { rows, judged_max }: Told): Judging {
  const evidence = noEvidence();
  const cut = new Set<EvidenceKind>();
  for (const { kind, rows: decoded } of decodedParts(recording)) {
    const name = EVIDENCE_KINDS.find((each) => each === kind);
    if (name === undefined) continue;
    const known: Row[] = evidence[name];
    for (const row of decoded) {
      if (known.length < judged_max) known.push(row);
      else cut.add(name);
    }
  }
  const found = atOnce(findInSteps(evidence));
  const { judged, stacks } = found;
  return { evidence, judged, claims: claimsOf(found), stacks, cut: EVIDENCE_KINDS.filter((kind) => cut.has(kind)), rows };
}

/** The packets, in the order of time. */
export function* packetsIn(recording: Recording): Generator<readonly PacketRow[]> {
  for (const { kind, rows } of decodedParts(recording)) if (kind === 'packet') yield rows as PacketRow[];
}

/** All rows in the order of time. Within a part of the recording, kinds follow each other, so each part is sorted. */
export function* rowsIn(recording: Recording): Generator<Row[]> {
  let part: Row[] = [];
  let at_ms = 0;
  for (const { rows, offset_ms } of decodedParts(recording)) {
    if (offset_ms !== at_ms && part.length > 0) {
      yield sorted(part);
      part = [];
    }
    at_ms = offset_ms;
    for (const row of rows) part.push(row);
  }
  yield sorted(part);
}

const kindAt = ({ kind }: Row): number => KIND.indexOf(kind);
const sorted = (rows: Row[]): Row[] =>
  rows.sort((one, other) => (one.time_ns === other.time_ns ? kindAt(one) - kindAt(other) : one.time_ns < other.time_ns ? -1 : 1));

function* decodedParts(recording: Recording): Generator<{ kind: Kind; offset_ms: number; rows: Row[] }> {
  for (const part of recording.parts()) if (part.sort === 'rows') yield { ...part, rows: decoded(part) };
}

function decoded({ kind, rows }: RowsPart): Row[] {
  const { size, read } = KINDS[kind];
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  return Array.from({ length: rows.length / size }, (_, index) => read(view, index * size));
}
