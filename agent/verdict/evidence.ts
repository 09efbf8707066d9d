// What verdicts rest on: the decoded rows of an investigation, of whichever hosts and namespaces were watched.
import type { Kind, Rows } from '../../bpf/rows/rows.gen.ts';

export const EVIDENCE_KINDS = [
  'connection',
  'retransmit',
  'progress',
  'packet',
  'drop',
  'reset',
  'sample',
  'congestion',
  'listener',
  'stack',
] as const satisfies readonly Kind[];
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export type Evidence = { readonly [Name in EvidenceKind]: readonly Rows[Name][] };
/** Evidence while it is collected. */
export type GrowingEvidence = { readonly [Name in EvidenceKind]: Rows[Name][] };

export const noEvidence = (): GrowingEvidence => ({
  connection: [],
  retransmit: [],
  progress: [],
  packet: [],
  drop: [],
  reset: [],
  sample: [],
  congestion: [],
  listener: [],
  stack: [],
});

/** Names a row: who reads a claim can look it up. */
export type Reference = { kind: EvidenceKind; host_id: bigint; time_ns: bigint };

type Named = { kind: Kind; host_id: bigint; time_ns: bigint };

export function referTo(row: Named): Reference {
  return { kind: row.kind as EvidenceKind, host_id: row.host_id, time_ns: row.time_ns };
}

/** The first row's time. Times are counted from it, so that a JavaScript number holds them exactly. */
export function baseOf(evidence: Evidence): bigint {
  let base: bigint | undefined;
  for (const kind of EVIDENCE_KINDS) for (const { time_ns } of evidence[kind]) if (base === undefined || time_ns < base) base = time_ns;
  return base ?? 0n;
}

/** One side of a connection as packets name it in one network namespace of one host. */
export type Endpoints = {
  host_id: bigint;
  netns: bigint;
  local_addr: string;
  local_port: number;
  peer_addr: string;
  peer_port: number;
};

export const endpointsKey = (of: Endpoints): string =>
  `${of.host_id} ${of.netns} ${of.local_addr} ${of.local_port} ${of.peer_addr} ${of.peer_port}`;
