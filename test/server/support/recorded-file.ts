// Recordings of investigations as a collector writes them, with rows made by hand.
import { buffer } from 'node:stream/consumers';
import { EVIDENCE_KINDS, type Evidence, type EvidenceKind } from '../../../agent/verdict/evidence.ts';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { recordingOf, type Told, type ToRecord } from '../../../server/investigations/recording.ts';
import { ASKED } from './investigating.ts';

const { keep_ms: _, for_ms: __, dry_run: ___, ...asked } = ASKED;
export const TOLD: Told = {
  investigation: {
    ...asked,
    user_stacks: false,
    id: '00000000000000aa',
    begins_ms: 1_000_000,
    ends_ms: 2_000_000,
    stopped_ms: null,
    kept_until_ms: null,
    made_by: 'ada',
    state: 'ended',
    counts: { waiting: 0, running: 0, ended: 0 },
    at_hosts: [],
  },
  rows: { written: 7, stored: 7 },
  judged_max: 20_000,
  recorded_at_ms: 3_000_000,
};
export const HOSTS = [
  { host_id: '0000000000000001', name: 'sender' },
  { host_id: '0000000000000002', name: 'receiver' },
];

/** The rows in the order of the store: each kind sorted by time. */
export const ordered = (evidence: Evidence): Evidence =>
  Object.fromEntries(
    EVIDENCE_KINDS.map((kind) => [kind, evidence[kind].toSorted((a, b) => Number(a.time_ns - b.time_ns))]),
  ) as unknown as Evidence;

const NO_NAMES: ToRecord['namesOf'] = async () => ({ processes: [], cgroups: [], netns: [] });

export function recorded(evidence: Evidence, told: Told = TOLD, namesOf = NO_NAMES, hosts = HOSTS): Promise<Buffer> {
  const isEvidence = (kind: string): kind is EvidenceKind => EVIDENCE_KINDS.some((name) => name === kind);
  async function* pages(kind: string) {
    const rows = isEvidence(kind) ? evidence[kind] : [];
    for (let at = 0; at < rows.length; at += 50) yield rows.slice(at, at + 50);
  }
  const times = EVIDENCE_KINDS.flatMap((kind) => evidence[kind].map(({ time_ns }) => Number(time_ns / 1_000_000n)));
  const from_ms = Math.min(...times, 1_000_000_000_000);
  return buffer(recordingOf({ told, hosts, from_ms, kinds: KIND.map(pages), namesOf }));
}
